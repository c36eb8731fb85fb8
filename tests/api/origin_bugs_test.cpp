// One test for each known bug of the original implementation. Each test fails on that implementation.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

TEST_CASE("origin bug 1: keystrokes keep their order, and an exception from a callback is caught") {
  Options options;
  options.log = [](const ws::LogRecord&) {};
  Recorder recorder;
  TestServer server(
      [&](Handler socket) {
        socket.On("key", [&](const Json& data) { recorder.Add(data); });
        socket.On("panic", []() { throw std::runtime_error("oops"); });
        socket.On("panic harder", []() { throw 7; });
      },
      std::move(options));
  auto client = server.Connect();
  std::vector<std::string> typed;
  for (int number = 0; number < 1000; ++number) {
    typed.push_back(std::to_string(number));
    client.Send("key", typed.back());
    if (number % 100 == 0) client.Send(number % 200 == 0 ? "panic" : "panic harder", nullptr, number);
  }
  CHECK(recorder.WaitFor(1000) == typed);
  for (int number = 0; number < 1000; number += 100) CHECK(client.Receive()["error"]["code"] == "internal");
}

TEST_CASE("origin bug 2: callbacks registered when the connection opens receive connect and the first message") {
  for (int round = 0; round < 20; ++round) {
    Recorder recorder;
    TestServer server([&](Handler socket) {
      socket.On("connect", [&] { recorder.Add("connect"); });
      socket.On("first", [&] { recorder.Add("first"); });
    });
    auto client = server.Dial();
    // The first message arrives in the same TCP segment as the handshake.
    client.SendBytes(ws::test::UpgradeText() +
                     ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"first"})"));
    CHECK(recorder.WaitFor(2) == std::vector<std::string>{"connect", "first"});
  }
}

TEST_CASE("origin bug 3: a peer cannot trigger connect, disconnect or the events of the protocol") {
  Recorder recorder;
  TestServer server([&](Handler socket) {
    socket.On("connect", [&] { recorder.Add("connect"); });
    socket.On("disconnect", [&] { recorder.Add("disconnect"); });
    socket.OnAny([&](Handler&, const Message& message) { recorder.Add(std::string(message.Event())); });
  });
  auto client = server.Connect();
  int id = 0;
  for (const std::string name : {"connect", "disconnect", "$x", "$", "$drain"}) {
    client.Send(name, nullptr, ++id);
    const Json answer = client.Receive();
    CHECK(answer["id"] == id);
    CHECK(answer["error"]["code"] == "reserved_event");
  }
  client.SendText(R"({"event":"\u0063onnect","id":99})");
  CHECK(client.Receive()["error"]["code"] == "reserved_event");
  client.SendText(R"({"event":"$ack","id":12345})");
  client.SendText(R"({"event":"$ack"})");
  client.SendText(R"({"event":"$ack","id":{}})");
  client.SendText(R"({"event":"$pong","data":1})");
  client.Send("last");
  CHECK(recorder.WaitFor(2) == std::vector<std::string>{"connect", "last"});
  client.Close();
  CHECK(recorder.WaitFor(3)[2] == "disconnect");
}

TEST_CASE(
    "origin bug 4: Close from many threads sends one close frame after the queue, and IsConnected becomes false") {
  MemorySession session;
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 50; ++number) CHECK_FALSE(session.socket.Emit("n", number));
  std::vector<std::thread> threads;
  for (int count = 0; count < 8; ++count) threads.emplace_back([socket = session.socket]() mutable { socket.Close(); });
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(session.socket.IsConnected());
  session.BlockWrites(false);
  for (int number = 0; number < 50; ++number) CHECK(session.peer.Receive()["data"] == number);
  CHECK(session.peer.ReceiveClose().code == 1000);
  session.peer.SendClose();
  CHECK(session.peer.ReceiveUntilEof().empty());
}

TEST_CASE("origin bug 5: Emit fails after Close and on a full queue, and serialises data before it returns") {
  MemorySession session(Options{.max_outbound_messages = 4});
  session.Open();
  session.BlockWrites(true);
  Json data = {{"mine", "before"}};
  CHECK_FALSE(session.socket.Emit("x", data));
  data["mine"] = "after";
  Error error;
  int accepted = 1;
  while (!(error = session.socket.Emit("y"))) ++accepted;
  CHECK(error == Errc::QueueFull);
  CHECK(accepted == 4);
  session.socket.Close();
  CHECK(session.socket.Emit("z") == Errc::Closed);
  session.BlockWrites(false);
  CHECK(session.peer.Receive()["data"]["mine"] == "before");
}

TEST_CASE("origin bug 6: a peer that sends too much, sends nothing or does not read is disconnected") {
  SECTION("a message that is too large") {
    MemorySession session(Options{.max_message_bytes = 1000});
    session.Open();
    session.peer.SendText(std::string(1001, ' '));
    CHECK(session.peer.ReceiveClose().code == 1009);
  }
  SECTION("a silent peer is pinged and then disconnected") {
    MemorySession session(Options{.ping_interval = 20ms, .idle_timeout = 2s});
    auto close_reason = CloseReasonOf(session.socket);
    session.Open();
    CHECK(session.peer.ReceiveFrame().opcode == ws::protocol::Opcode::Ping);
    CHECK(Get(std::move(close_reason)).reason == EndReason::HeartbeatTimeout);
  }
  SECTION("a peer that does not read") {
    MemorySession session(Options{.write_timeout = 50ms, .close_timeout = 50ms});
    auto close_reason = CloseReasonOf(session.socket);
    session.Open();
    session.BlockWrites(true);
    CHECK_FALSE(session.socket.Emit("x"));
    CHECK(Get(std::move(close_reason)).reason == EndReason::SlowConsumer);
  }
}

TEST_CASE("origin bug 7: after malformed messages, unknown events and invalid data the connection stays open") {
  TestServer server([](Handler socket) {
    socket.OnTyped("typed", [](const int&) {});
    socket.On("fine", [] { return true; });
  });
  for (const std::string bad :
       {"", "[]", "{\"event\":5}", "{\"event\":\"x\"", "\"x\"", "null", "\xEF\xBB\xBF{\"event\":\"x\"}"}) {
    auto client = server.Connect();
    client.SendText(bad);
    const Json answer = client.Receive();
    CHECK(answer["event"] == "error");
    CHECK((answer["data"]["code"] == "bad_json" || answer["data"]["code"] == "bad_message"));
    client.Send("unknown", nullptr, 1);
    CHECK(client.Receive()["error"]["code"] == "unknown_event");
    client.Send("typed", "text", 2);
    CHECK(client.Receive()["error"]["code"] == "invalid_payload");
    client.Send("fine", nullptr, 3);
    CHECK(client.Receive()["data"] == true);
    client.Close();
  }
}

TEST_CASE("origin bug 8: a page of another origin is refused during the handshake") {
  std::atomic<int> opened = 0;
  TestServer server([&opened](Handler) { ++opened; });
  for (const std::string origin :
       {"http://evil.example", "null", "file://", "http://localhost.evil", "http://localhost:1", "https://localhost"}) {
    auto client = server.Dial();
    const bool same = origin == "https://localhost";  // the Host header has no port, and 443 is the default of https
    CHECK(client.SendRequest(ws::test::UpgradeText("/ws", "Origin: " + origin + "\r\n")).status == (same ? 101 : 403));
  }
  CHECK(opened == 1);
  auto own = server.Connect("/ws", "Origin: http://localhost\r\n");
  own.Close();
}
