// The conditions that pause the reader, and for how long.
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

using ws::protocol::Opcode;
using ws::test::Frame;

TEST_CASE(
    "a reader that was paused by a full write queue continues when the queue has room, despite pending callbacks") {
  Latch latch;
  MemorySession session(Options{.max_inbound_messages = 8, .max_outbound_messages = 8});
  session.socket.On("n", [&] { latch.Wait(); });
  session.Open();
  for (int count = 0; count < 6; ++count)
    session.peer.Send("n");  // more than half of max_inbound_messages, but not all
  session.RunReadyHandlers();
  session.BlockWrites(true);
  for (int count = 0; count < 30; ++count) session.peer.SendText(R"({"event":"$ping"})");
  session.RunReadyHandlers();
  session.BlockWrites(false);
  session.peer.SendFrame(Opcode::Ping, "heard?");
  Frame frame;
  do {
    frame = session.peer.ReceiveFrame();
  } while (frame.opcode == Opcode::Text);
  CHECK(frame.opcode == Opcode::Pong);
  latch.Release();
}

TEST_CASE("a reader that is paused by the rate limit is not ended by stall_timeout") {
  MemorySession session(Options{.rate_limit = {.bytes_per_second = 20'000, .burst_bytes = 10'000, .grace_period = 1h},
                                .stall_timeout = 200ms});
  session.socket.On("n", [] { return 1; });
  session.Open();
  session.peer.Send("n", std::string(40'000, 'x'), 1);  // more than the rate of one second
  session.peer.Send("n", nullptr, 2);
  for (Json message; message["id"] != 2;) {
    message = session.peer.Receive();
    CHECK((message["event"] == "$ack" || message["data"]["code"] == "rate_limited"));
  }
}
