// Requests to the peer, and its replies.
#include <boost/asio/use_awaitable.hpp>
#include <string>

#include "support/free_port.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

TEST_CASE("a request returns the peer's reply, by callback and by co_await") {
  MemorySession session;
  session.Open();
  const bool awaited = GENERATE(false, true);
  const Json data = {{"a", 1}};
  auto reply =
      awaited ? session.Spawn(session.socket.RequestAsync("sum", data)) : RequestFuture(session.socket, "sum", data);
  const Json question = session.peer.Receive();
  CHECK(question["event"] == "sum");
  CHECK(question["data"] == data);
  session.peer.Send("$ack", {{"sum", 3}}, question["id"]);
  const Reply answer = Get(std::move(reply));
  CHECK_FALSE(answer.error);
  CHECK(answer.data == Json{{"sum", 3}});
}

TEST_CASE("a reply without data is null, and a reply with an error is RemoteError with the peer's failure") {
  MemorySession session;
  session.Open();
  auto first = RequestFuture(session.socket, "x");
  session.peer.Send("$ack", nullptr, session.peer.Receive()["id"]);
  CHECK(Get(std::move(first)).data.is_null());
  auto second = RequestFuture(session.socket, "x");
  const Json id = session.peer.Receive()["id"];
  session.peer.SendText(
      Json{{"event", "$ack"}, {"id", id}, {"error", {{"code", "no"}, {"message", "not today"}}}}.dump());
  const Reply refused = Get(std::move(second));
  CHECK(refused.error == Errc::RemoteError);
  CHECK(refused.failure.code == "no");
  CHECK(refused.failure.message == "not today");
  auto third = RequestFuture(session.socket, "x");
  const Json other = session.peer.Receive()["id"];
  session.peer.SendText(Json{{"event", "$ack"}, {"id", other}, {"error", 7}}.dump());
  CHECK(Get(std::move(third)).error == Errc::RemoteError);
}

TEST_CASE("a request without a reply times out, and a late reply is ignored") {
  MemorySession session;
  session.Open();
  auto reply = RequestFuture(session.socket, "x", nullptr, 20ms);
  const Json id = session.peer.Receive()["id"];
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
  session.peer.Send("$ack", 1, id);
  session.peer.Send("$ack", 1, "of no request");
  session.peer.SendText(R"({"event":"$ack","id":-1})");
  auto next = RequestFuture(session.socket, "x");
  session.peer.Send("$ack", 2, session.peer.Receive()["id"]);
  CHECK(Get(std::move(next)).data == 2);
  CHECK(session.socket.IsConnected());
}

TEST_CASE("only the first reply to a request is used") {
  MemorySession session;
  session.Open();
  Recorder recorder;
  session.socket.Request("x", nullptr, [&](Reply) { recorder.Add("called"); });
  const Json id = session.peer.Receive()["id"];
  for (int count = 0; count < 5; ++count) session.peer.Send("$ack", 1, id);
  auto next = RequestFuture(session.socket, "x");
  session.peer.Send("$ack", 2, session.peer.Receive()["id"]);
  Get(std::move(next));
  CHECK(recorder.WaitFor(1).size() == 1);
}

TEST_CASE("requests beyond the limit fail with too_many_requests, and open requests fail when the connection ends") {
  MemorySession session(Options{.max_open_requests = 2});
  session.Open();
  auto first = RequestFuture(session.socket, "x");
  auto second = session.Spawn(session.socket.RequestAsync("x"));
  session.peer.Receive();
  session.peer.Receive();
  CHECK(Get(RequestFuture(session.socket, "x")).error == Errc::TooManyRequests);
  session.peer.DropConnection();
  CHECK(Get(std::move(first)).error == Errc::Closed);
  CHECK(Get(std::move(second)).error == Errc::Closed);
  CHECK(Get(RequestFuture(session.socket, "x")).error == Errc::Closed);
}

TEST_CASE("a request with an event name that is reserved or of invalid length fails with invalid_event") {
  MemorySession session;
  session.Open();
  const std::string name =
      GENERATE(std::string(), std::string("connect"), std::string("$ack"), std::string("$ping"), std::string(257, 'x'));
  CHECK(Get(RequestFuture(session.socket, name)).error == Errc::InvalidEvent);
  CHECK(Get(session.Spawn(session.socket.RequestAsync(name))).error == Errc::InvalidEvent);
  CHECK(session.socket.Emit(name) == Errc::InvalidEvent);
  CHECK(session.socket.EmitVolatile(name) == Errc::InvalidEvent);
  CHECK(session.socket.EmitBinary(name, nullptr, "") == Errc::InvalidEvent);
  CHECK(Get(session.Spawn(session.socket.EmitAsync(name))) == Errc::InvalidEvent);
  CHECK(session.socket.Emit(std::string(256, 'x')) == Error());
  CHECK(session.peer.Receive()["event"] == std::string(256, 'x'));
}

TEST_CASE("a request that does not fit into the queue fails with too_large or queue_full") {
  MemorySession session(Options{.max_outbound_messages = 2, .max_outbound_bytes = 200});
  session.Open();
  CHECK(Get(RequestFuture(session.socket, "x", std::string(300, 'x'))).error == Errc::TooLarge);
  session.BlockWrites(true);
  while (!session.socket.Emit("n")) continue;
  CHECK(Get(RequestFuture(session.socket, "x")).error == Errc::QueueFull);
}

TEST_CASE("a blocked event callback does not delay the callback of a request") {
  Latch latch;
  MemorySession session;
  session.socket.On("block", [&] { latch.Wait(); });
  session.Open();
  session.peer.Send("block");
  auto reply = RequestFuture(session.socket, "x");
  session.peer.Send("$ack", 1, session.peer.Receive()["id"]);
  CHECK(Get(std::move(reply)).data == 1);
  latch.Release();
}

TEST_CASE("a request made before Init is sent when the connection opens") {
  MemorySession session;
  auto reply = RequestFuture(session.socket, "early");
  session.Open();
  const Json question = session.peer.Receive();
  CHECK(question["event"] == "early");
  session.peer.Send("$ack", 1, question["id"]);
  CHECK(Get(std::move(reply)).data == 1);
}

TEST_CASE("an exception from the callback of a request is logged, and the connection stays open") {
  const bool standard = GENERATE(true, false);
  std::promise<void> logged;
  Options options;
  options.log = [&](const ws::LogRecord& record) {
    if (record.level == ws::LogLevel::Severe) logged.set_value();
  };
  MemorySession session(std::move(options));
  session.Open();
  session.socket.Request("x", nullptr, [standard](Reply) {
    if (standard) throw std::runtime_error("oops");
    throw 7;
  });
  session.peer.Send("$ack", 1, session.peer.Receive()["id"]);
  Get(logged.get_future());
  CHECK(session.socket.IsConnected());
}

TEST_CASE("a request times out even if the last handle is destroyed before Init") {
  std::promise<Reply> told;
  auto reply = told.get_future();
  {
    Handler socket(Options{.request_timeout = 10ms});
    socket.Request("x", nullptr, [told = std::move(told)](Reply late) mutable { told.set_value(std::move(late)); });
  }
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
}

TEST_CASE("a request that times out in the queue is not sent, and its room is used by the next message") {
  MemorySession session(Options{.max_outbound_messages = 2});
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("first", std::string(300'000, 'x')));  // so large that the writer sends it alone
  auto reply = RequestFuture(session.socket, "never", nullptr, 100ms);
  auto waits = session.Spawn(session.socket.EmitAsync("last"));
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
  CHECK_FALSE(Get(std::move(waits)));
  session.BlockWrites(false);
  CHECK(session.peer.Receive()["event"] == "first");
  CHECK(session.peer.Receive()["event"] == "last");
  CHECK(session.socket.Stats().messages_out == 2);
}

TEST_CASE("a client's request that timed out without a connection is not sent later") {
  const std::uint16_t port = ws::test::FreePort();
  ws::Client client({.url = ws::test::UrlOf(port), .backoff_base = 1ms, .backoff_cap = 5ms});
  std::promise<Reply> failed;
  client.Request(
      "never", nullptr, [&](Reply reply) { failed.set_value(std::move(reply)); }, 20ms);
  CHECK(Get(failed.get_future()).error == Errc::TimedOut);
  CHECK_FALSE(client.Emit("last"));
  std::promise<void> last;
  ws::Server server({.port = port, .workers = 1});
  server.Route("/ws", [&](Handler socket) {
    socket.On("never", [] { FAIL_CHECK("a request that has failed was sent"); });
    socket.On("last", [&] { last.set_value(); });
  });
  REQUIRE_FALSE(server.Start());
  client.Start();
  Get(last.get_future());
  client.Stop();
}

TEST_CASE("requests that time out without a connection free their room, and OnDrain is called") {
  ws::Client client({.url = ws::test::UrlOf(ws::test::FreePort()), .connection = {.max_outbound_messages = 4}});
  std::promise<void> drained;
  client.OnDrain([&] { drained.set_value(); });
  const auto ask = [&] { return RequestFuture(client, "never", nullptr, 50ms); };
  do {  // repeat if the machine was so slow that a request failed before the fifth was made
    for (int count = 0; count < 4; ++count) ask();
  } while (Get(ask()).error != Errc::QueueFull);
  Get(drained.get_future());
  CHECK_FALSE(client.Emit("fits"));
}
