// protocol.md 6: pings and timeouts.
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

using ws::protocol::Opcode;

TEST_CASE("a ping is answered with its payload, also while a callback blocks") {
  Latch latch;
  MemorySession session;
  session.socket.On("block", [&] { latch.Wait(); });
  session.Open();
  session.peer.Send("block");
  session.peer.SendFrame(Opcode::Ping, "payload");
  const auto pong = session.peer.ReceiveFrame();
  CHECK(pong.opcode == Opcode::Pong);
  CHECK(pong.payload == "payload");
  latch.Release();
}

TEST_CASE("$ping is answered with $pong, and a received $pong is ignored") {
  MemorySession session;
  session.socket.OnAny([](Handler&, const Message&) { FAIL_CHECK("a $pong was delivered as an event"); });
  session.Open();
  session.peer.SendText(R"({"event":"$pong"})");
  session.peer.SendText(R"({"event":"$ping"})");
  CHECK(session.peer.Receive() == Json{{"event", "$pong"}});
}

TEST_CASE("a $ping with an id gets a reply in addition to the $pong") {
  MemorySession session(Options{.ping_interval = 0ms, .idle_timeout = 0ms});
  session.Open();
  session.peer.SendText(R"({"event":"$ping","id":"7"})");
  CHECK(session.peer.Receive() == Json{{"event", "$pong"}});
  CHECK(session.peer.Receive() == Json{{"event", "$ack"}, {"id", "7"}});
}

TEST_CASE("a silent peer is pinged, and its pong determines the round trip time") {
  MemorySession session(Options{.ping_interval = 20ms});
  session.Open();
  CHECK_FALSE(session.socket.Stats().round_trip);
  for (int count = 0; count < 3; ++count) {
    const auto ping = session.peer.ReceiveFrame();
    REQUIRE(ping.opcode == Opcode::Ping);
    session.peer.SendFrame(Opcode::Pong, ping.payload);
  }
  CHECK(session.peer.ReceiveFrame().opcode == Opcode::Ping);
  CHECK(session.socket.Stats().round_trip.has_value());
  session.peer.SendFrame(Opcode::Pong, "unasked");
  CHECK(session.socket.IsConnected());
}

TEST_CASE("timeouts of zero are off, and the largest possible value does not overflow") {
  const auto never = GENERATE(0ms, std::chrono::milliseconds::max());
  MemorySession session(Options{.request_timeout = never,
                                .handshake_timeout = never,
                                .ping_interval = never,
                                .idle_timeout = never,
                                .message_timeout = never,
                                .write_timeout = never,
                                .stall_timeout = never,
                                .close_timeout = never,
                                .flush_timeout = never});
  session.Open();
  auto reply = session.Spawn(session.socket.RequestAsync("x"));
  session.peer.Send("$ack", "late", session.peer.Receive()["id"]);
  CHECK(Get(std::move(reply)).data == "late");
  session.peer.SendFrame(Opcode::Text, R"({"event":)", false);
  session.peer.SendFrame(Opcode::Continuation, R"("x","id":1})");
  CHECK(session.peer.Receive()["event"] == "$ack");
  CHECK(session.socket.IsConnected());
  session.socket.Close();
  CHECK(session.peer.Close().code == 1000);
}

TEST_CASE("idle_timeout and message_timeout are suspended while callbacks pause the reader") {
  Latch latch;
  MemorySession session(
      Options{.max_inbound_messages = 1, .ping_interval = 0ms, .idle_timeout = 100ms, .message_timeout = 100ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.socket.On("block", [&] { latch.Wait(); });
  session.Open();
  session.peer.Send("block");
  session.peer.SendFrame(Opcode::Text, R"({"event":)", false);
  CHECK(close_reason.wait_for(400ms) == std::future_status::timeout);
  CHECK(session.socket.IsConnected());
  latch.Release();
  CHECK(session.peer.ReceiveClose().code == 3008);
}

TEST_CASE("consecutive messages without a gap have a message_timeout each") {
  // Each chunk ends one message and begins the next, so the connection is always in a message.
  const std::string frame = ws::test::MaskedFrame(Opcode::Text, R"({"event":"n","id":1})");
  MemorySession session(Options{.message_timeout = 2s});
  session.Open();
  const auto begin = std::chrono::steady_clock::now();
  session.peer.SendBytes(frame.substr(0, 5));
  while (std::chrono::steady_clock::now() - begin < 2500ms) {
    session.peer.SendBytes(frame.substr(5) + frame.substr(0, 5));
    CHECK(session.peer.Receive()["event"] == "$ack");
  }
  CHECK(session.socket.IsConnected());
}

TEST_CASE("a request on an idle connection fails at its deadline") {
  MemorySession session;
  session.Open();
  CHECK(Get(session.Spawn(session.socket.RequestAsync("x", nullptr, 20ms))).error == Errc::TimedOut);
}
