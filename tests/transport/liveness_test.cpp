// PROTOCOL.md 6: pings, and clocks that stand still.
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

using namespace std::chrono_literals;
using ws::Json;
using ws::Options;
using ws::protocol::Opcode;
using ws::test::Door;
using ws::test::Get;
using ws::test::MemorySession;

TEST_CASE("a ping is answered with its payload, also while a callback blocks") {
  Door door;
  MemorySession session;
  session.socket.On("block", [&] { door.Pass(); });
  session.Open();
  session.peer.Send("block");
  session.peer.SendFrame(Opcode::Ping, "payload");
  const auto pong = session.peer.ReceiveFrame();
  CHECK(pong.opcode == Opcode::Pong);
  CHECK(pong.payload == "payload");
  door.Open();
}

TEST_CASE("$ping is answered with $pong, and a $pong is swallowed") {
  MemorySession session;
  session.socket.OnAny([](ws::Handler&, const ws::Message&) { FAIL_CHECK("a pong is no event"); });
  session.Open();
  session.peer.SendText(R"({"event":"$pong"})");
  session.peer.SendText(R"({"event":"$ping"})");
  CHECK(session.peer.Receive() == Json{{"event", "$pong"}});
}

TEST_CASE("a $ping that asks for a reply gets one, too") {
  MemorySession session(Options{.ping_interval = 0ms, .idle_timeout = 0ms});
  session.Open();
  session.peer.SendText(R"({"event":"$ping","id":"7"})");
  CHECK(session.peer.Receive() == Json{{"event", "$pong"}});
  CHECK(session.peer.Receive() == Json{{"event", "$ack"}, {"id", "7"}});
}

TEST_CASE("silence is broken by a ping, whose answer tells the round trip") {
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

TEST_CASE("clocks of zero are off, as are those too long to be counted") {
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
  auto reply = session.Start(session.socket.RequestAsync("x"));
  session.peer.Send("$ack", "late", session.peer.Receive()["id"]);
  CHECK(Get(std::move(reply)).data == "late");
  session.peer.SendFrame(Opcode::Text, R"({"event":)", false);
  session.peer.SendFrame(Opcode::Continuation, R"("x","id":1})");
  CHECK(session.peer.Receive()["event"] == "$ack");
  CHECK(session.socket.IsConnected());
  session.socket.Close();
  CHECK(session.peer.Close().code == 1000);
}

TEST_CASE("inbound clocks stand still while callbacks keep the socket from being read") {
  Door door;
  MemorySession session(
      Options{.max_inbound_messages = 1, .ping_interval = 0ms, .idle_timeout = 100ms, .message_timeout = 100ms});
  auto end = ws::test::EndOf(session.socket);
  session.socket.On("block", [&] { door.Pass(); });
  session.Open();
  session.peer.Send("block");
  session.peer.SendFrame(Opcode::Text, R"({"event":)", false);
  CHECK(end.wait_for(400ms) == std::future_status::timeout);
  CHECK(session.socket.IsConnected());
  door.Open();
  CHECK(session.peer.ReceiveClose().code == 3008);
}

TEST_CASE("messages that follow each other without a gap have a deadline each") {
  // Each chunk ends one message and begins the next, so the connection is never between two.
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

TEST_CASE("a request that is due while nothing else happens fails at its deadline") {
  MemorySession session;
  session.Open();
  CHECK(Get(session.Start(session.socket.RequestAsync("x", nullptr, 20ms))).error == ws::Errc::TimedOut);
}
