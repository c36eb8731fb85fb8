// What holds up the reader, and for how long.
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"

using namespace std::chrono_literals;
using ws::Options;
using ws::protocol::Opcode;
using ws::test::Door;
using ws::test::Frame;
using ws::test::MemorySession;

TEST_CASE("where only the queue held it up, reading goes on when that has room, whatever waits for callbacks") {
  Door door;
  MemorySession session(Options{.max_inbound_messages = 8, .max_outbound_messages = 8});
  session.socket.On("n", [&] { door.Pass(); });
  session.Open();
  for (int count = 0; count < 6; ++count) session.peer.Send("n");  // more than half of what may wait, but not all
  session.Settle();
  session.BlockWrites(true);
  for (int count = 0; count < 30; ++count) session.peer.SendText(R"({"event":"$ping"})");
  session.Settle();
  session.BlockWrites(false);
  session.peer.SendFrame(Opcode::Ping, "heard?");
  Frame frame;
  do {
    frame = session.peer.ReceiveFrame();
  } while (frame.opcode == Opcode::Text);
  CHECK(frame.opcode == Opcode::Pong);
  door.Open();
}

TEST_CASE("who sends too much is held back by the rate's patience, and does not count as unread") {
  MemorySession session(Options{.rate_limit = {.bytes_per_second = 20'000, .burst_bytes = 10'000, .grace_period = 1h},
                                .stall_timeout = 200ms});
  session.socket.On("n", [] { return 1; });
  session.Open();
  session.peer.Send("n", std::string(40'000, 'x'), 1);  // more than a second's
  session.peer.Send("n", nullptr, 2);
  for (ws::Json message; message["id"] != 2;) {
    message = session.peer.Receive();
    CHECK((message["event"] == "$ack" || message["data"]["code"] == "rate_limited"));
  }
}
