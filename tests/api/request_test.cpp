// Requests of ours, and the replies to them.
#include <boost/asio/use_awaitable.hpp>
#include <string>

#include "support/catch.hpp"
#include "support/free_port.hpp"
#include "support/memory_session.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Errc;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::Reply;
using ws::test::Get;
using ws::test::MemorySession;

namespace {

template <class Socket>
std::future<Reply> Ask(Socket& socket, std::string_view event, const Json& data = nullptr,
                       std::chrono::milliseconds timeout = 0ms) {
  const auto promise = std::make_shared<std::promise<Reply>>();
  socket.Request(
      event, data, [promise](Reply reply) { promise->set_value(std::move(reply)); }, timeout);
  return promise->get_future();
}

}  // namespace

TEST_CASE("a request yields the peer's reply, by callback and by await") {
  MemorySession session;
  session.Open();
  const bool awaited = GENERATE(false, true);
  const Json data = {{"a", 1}};
  auto reply = awaited ? session.Start(session.socket.RequestAsync("sum", data)) : Ask(session.socket, "sum", data);
  const Json question = session.peer.Receive();
  CHECK(question["event"] == "sum");
  CHECK(question["data"] == data);
  session.peer.Send("$ack", {{"sum", 3}}, question["id"]);
  const Reply answer = Get(std::move(reply));
  CHECK_FALSE(answer.error);
  CHECK(answer.data == Json{{"sum", 3}});
}

TEST_CASE("a reply without data is null, one with an error is RemoteError and its failure") {
  MemorySession session;
  session.Open();
  auto first = Ask(session.socket, "x");
  session.peer.Send("$ack", nullptr, session.peer.Receive()["id"]);
  CHECK(Get(std::move(first)).data.is_null());
  auto second = Ask(session.socket, "x");
  const Json id = session.peer.Receive()["id"];
  session.peer.SendText(
      Json{{"event", "$ack"}, {"id", id}, {"error", {{"code", "no"}, {"message", "not today"}}}}.dump());
  const Reply refused = Get(std::move(second));
  CHECK(refused.error == Errc::RemoteError);
  CHECK(refused.failure.code == "no");
  CHECK(refused.failure.message == "not today");
  auto third = Ask(session.socket, "x");
  const Json other = session.peer.Receive()["id"];
  session.peer.SendText(Json{{"event", "$ack"}, {"id", other}, {"error", 7}}.dump());
  CHECK(Get(std::move(third)).error == Errc::RemoteError);
}

TEST_CASE("a request without a reply times out, and a reply that comes later is ignored") {
  MemorySession session;
  session.Open();
  auto reply = Ask(session.socket, "x", nullptr, 20ms);
  const Json id = session.peer.Receive()["id"];
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
  session.peer.Send("$ack", 1, id);
  session.peer.Send("$ack", 1, "of no request");
  session.peer.SendText(R"({"event":"$ack","id":-1})");
  auto next = Ask(session.socket, "x");
  session.peer.Send("$ack", 2, session.peer.Receive()["id"]);
  CHECK(Get(std::move(next)).data == 2);
  CHECK(session.socket.IsConnected());
}

TEST_CASE("a reply counts once") {
  MemorySession session;
  session.Open();
  ws::test::Journal journal;
  session.socket.Request("x", nullptr, [&](Reply) { journal.Add("called"); });
  const Json id = session.peer.Receive()["id"];
  for (int count = 0; count < 5; ++count) session.peer.Send("$ack", 1, id);
  auto next = Ask(session.socket, "x");
  session.peer.Send("$ack", 2, session.peer.Receive()["id"]);
  Get(std::move(next));
  CHECK(journal.WaitFor(1).size() == 1);
}

TEST_CASE("more requests than the bound fail with too_many_requests, those open fail when the connection ends") {
  MemorySession session(Options{.max_open_requests = 2});
  session.Open();
  auto first = Ask(session.socket, "x");
  auto second = session.Start(session.socket.RequestAsync("x"));
  session.peer.Receive();
  session.peer.Receive();
  CHECK(Get(Ask(session.socket, "x")).error == Errc::TooManyRequests);
  session.peer.Cut();
  CHECK(Get(std::move(first)).error == Errc::Closed);
  CHECK(Get(std::move(second)).error == Errc::Closed);
  CHECK(Get(Ask(session.socket, "x")).error == Errc::Closed);
}

TEST_CASE("a request by a name that may not be sent is invalid_event") {
  MemorySession session;
  session.Open();
  const std::string name =
      GENERATE(std::string(), std::string("connect"), std::string("$ack"), std::string("$ping"), std::string(257, 'x'));
  CHECK(Get(Ask(session.socket, name)).error == Errc::InvalidEvent);
  CHECK(Get(session.Start(session.socket.RequestAsync(name))).error == Errc::InvalidEvent);
  CHECK(session.socket.Emit(name) == Errc::InvalidEvent);
  CHECK(session.socket.EmitVolatile(name) == Errc::InvalidEvent);
  CHECK(session.socket.EmitBinary(name, nullptr, "") == Errc::InvalidEvent);
  CHECK(Get(session.Start(session.socket.EmitAsync(name))) == Errc::InvalidEvent);
  CHECK(session.socket.Emit(std::string(256, 'x')) == ws::Error());
  CHECK(session.peer.Receive()["event"] == std::string(256, 'x'));
}

TEST_CASE("a request that does not fit the queue is told by its reply") {
  MemorySession session(Options{.max_outbound_messages = 2, .max_outbound_bytes = 200});
  session.Open();
  CHECK(Get(Ask(session.socket, "x", std::string(300, 'x'))).error == Errc::TooLarge);
  session.BlockWrites(true);
  while (!session.socket.Emit("n")) continue;
  CHECK(Get(Ask(session.socket, "x")).error == Errc::QueueFull);
}

TEST_CASE("a blocking callback does not keep another request's callback from running") {
  ws::test::Door door;
  MemorySession session;
  session.socket.On("block", [&] { door.Pass(); });
  session.Open();
  session.peer.Send("block");
  auto reply = Ask(session.socket, "x");
  session.peer.Send("$ack", 1, session.peer.Receive()["id"]);
  CHECK(Get(std::move(reply)).data == 1);
  door.Open();
}

TEST_CASE("a request made before Init is sent when the connection opens") {
  MemorySession session;
  auto reply = Ask(session.socket, "early");
  session.Open();
  const Json question = session.peer.Receive();
  CHECK(question["event"] == "early");
  session.peer.Send("$ack", 1, question["id"]);
  CHECK(Get(std::move(reply)).data == 1);
}

TEST_CASE("what a request's callback throws harms nobody") {
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

TEST_CASE("a request is answered though the last handle is gone before Init") {
  std::promise<Reply> told;
  auto reply = told.get_future();
  {
    Handler socket(ws::Options{.request_timeout = 10ms});
    socket.Request("x", nullptr, [told = std::move(told)](Reply late) mutable { told.set_value(std::move(late)); });
  }
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
}

TEST_CASE("a request that has failed before it was sent is not sent, and leaves its room to others") {
  MemorySession session(Options{.max_outbound_messages = 2});
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("first", std::string(300'000, 'x')));  // so large that the writer takes it alone
  auto reply = Ask(session.socket, "never", nullptr, 100ms);
  auto waits = session.Start(session.socket.EmitAsync("last"));
  CHECK(Get(std::move(reply)).error == Errc::TimedOut);
  CHECK_FALSE(Get(std::move(waits)));
  session.BlockWrites(false);
  CHECK(session.peer.Receive()["event"] == "first");
  CHECK(session.peer.Receive()["event"] == "last");
  CHECK(session.socket.Stats().messages_out == 2);
}

TEST_CASE("a request that has failed while its client was away is not sent later") {
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
    socket.On("never", [] { FAIL_CHECK("its caller was told that it failed"); });
    socket.On("last", [&] { last.set_value(); });
  });
  REQUIRE_FALSE(server.Start());
  client.Start();
  Get(last.get_future());
  client.Stop();
}

TEST_CASE("requests that fail while a client is away make room, and it is told") {
  ws::Client client({.url = ws::test::UrlOf(ws::test::FreePort()), .connection = {.max_outbound_messages = 4}});
  std::promise<void> drained;
  client.OnDrain([&] { drained.set_value(); });
  const auto ask = [&] { return Ask(client, "never", nullptr, 50ms); };
  do {  // a second time where the machine paused, so that one had failed before the fifth
    for (int count = 0; count < 4; ++count) ask();
  } while (Get(ask()).error != Errc::QueueFull);
  Get(drained.get_future());
  CHECK_FALSE(client.Emit("fits"));
}
