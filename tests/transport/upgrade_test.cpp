// Init on any stream: from the request to the open connection, or to a refusal.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/dynamic_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ostream>
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using namespace std::chrono_literals;
using ws::Authorization;
using ws::Errc;
using ws::HttpRequest;
using ws::Options;
using ws::test::Get;
using ws::test::MemorySession;
using ws::test::UpgradeRequest;

namespace {

asio::awaitable<Authorization> RefuseLater(const HttpRequest&) {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return Authorization::Refuse(402, "pay first");
}

asio::awaitable<Authorization> AcceptLater(const HttpRequest& request) {
  const std::string target = request.target;
  asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return Authorization::Accept(target);
}

asio::awaitable<Authorization> NeverDecide(const HttpRequest&) {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
  co_return Authorization::Accept();
}

}  // namespace

TEST_CASE("a request that breaks a rule is refused with an HTTP answer, and its connection is closed") {
  MemorySession session;
  const auto captured = std::make_shared<int>();
  session.socket.On("disconnect", [captured] { FAIL("there was no connect"); });
  HttpRequest request = UpgradeRequest();
  request.headers.emplace_back("Origin", "http://evil.example");
  auto result = session.Init(request);
  const auto answer = session.peer.ReadAnswer();
  CHECK(answer.status == 403);
  CHECK(answer.head.find("Connection: close") != answer.head.npos);
  CHECK_FALSE(answer.body.empty());
  CHECK(session.peer.ReceiveEnd().empty());
  CHECK(Get(std::move(result)) == Errc::Refused);
  CHECK_FALSE(session.socket.IsConnected());
  CHECK(session.socket.Emit("x") == Errc::Closed);
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
  CHECK(captured.use_count() == 1);
}

TEST_CASE("the application refuses with its status and text, at once or after it has waited") {
  const bool later = GENERATE(false, true);
  Options options;
  options.authorize = [](const HttpRequest&) { return Authorization::Refuse(402, "pay first"); };
  if (later) options.authorize = RefuseLater;
  MemorySession session(std::move(options));
  auto result = session.Init();
  const auto answer = session.peer.ReadAnswer();
  CHECK(answer.status == 402);
  CHECK(answer.body == "pay first\n");
  CHECK(Get(std::move(result)) == Errc::Refused);
}

TEST_CASE("authorize that throws anything refuses with 500 and tells the peer nothing of it") {
  const bool standard = GENERATE(true, false);
  Options options;
  options.log = [](const ws::LogRecord&) {};
  options.authorize = [standard](const HttpRequest&) -> Authorization {
    if (standard) throw std::runtime_error("secret");
    throw 7;
  };
  MemorySession session(std::move(options));
  auto result = session.Init();
  const auto answer = session.peer.ReadAnswer();
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == answer.body.npos);
  CHECK(Get(std::move(result)) == Errc::Refused);
}

TEST_CASE("the identity that authorize attaches is the handler's, as is the request") {
  Options options;
  options.authorize = AcceptLater;
  MemorySession session(std::move(options));
  CHECK(session.socket.Identity().is_null());
  session.Open();
  CHECK(session.socket.Identity() == "/ws");
  CHECK(session.socket.Handshake().Header("host") == "localhost");
}

TEST_CASE("the subprotocol is the first of the server's list that the client offers") {
  MemorySession session(Options{.subprotocols = {"v3", "v2", "v1"}});
  HttpRequest request = UpgradeRequest();
  request.headers.emplace_back("Sec-WebSocket-Protocol", "v1, v2");
  auto result = session.Init(request);
  CHECK(session.peer.ReadAnswer().head.find("Sec-WebSocket-Protocol: v2\r\n") != std::string::npos);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(session.socket.Subprotocol() == "v2");
}

TEST_CASE("bytes that came behind the request are handled exactly once, wherever they are split") {
  std::string frames = ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"n","data":1})");
  frames += ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"n","data":2})");
  for (std::size_t split = 0; split <= frames.size(); split += 5) {
    ws::test::Journal journal;
    MemorySession session;
    session.socket.On("n", [&](const ws::Json& data) { journal.Add(data.dump()); });
    session.Open(frames.substr(0, split));
    session.peer.SendBytes(frames.substr(split));
    CHECK(journal.WaitFor(2) == std::vector<std::string>{"1", "2"});
    session.peer.Close();
    CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
    CHECK(journal.Size() == 2);
  }
}

TEMPLATE_TEST_CASE("the request may be Beast's with any body", "", http::string_body, http::dynamic_body) {
  MemorySession session;
  http::request<TestType> request{http::verb::get, "/ws?a=1", 11};
  for (const auto& [name, value] : UpgradeRequest().headers) request.set(name, value);
  boost::beast::flat_buffer leftover;
  const std::string frame = ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"x","id":5})");
  leftover.commit(asio::buffer_copy(leftover.prepare(frame.size()), asio::buffer(frame)));
  auto result = session.Start(session.socket.Init(std::move(session.Pair().first), request, leftover));
  CHECK(session.peer.ReadAnswer().status == 101);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(session.peer.Receive()["id"] == 5);
  CHECK(session.socket.Handshake().Query() == "a=1");
}

TEST_CASE("a decision that does not come ends the handshake at its deadline") {
  Options options{.handshake_timeout = 50ms};
  options.authorize = NeverDecide;
  MemorySession session(std::move(options));
  CHECK(Get(session.Init()) == Errc::HandshakeTimeout);
  CHECK(session.peer.ReceiveEnd().empty());
  CHECK(session.socket.Emit("x") == Errc::Closed);
}

TEST_CASE("a peer that does not take our answer ends the handshake at its deadline") {
  const bool refused = GENERATE(false, true);
  MemorySession session(Options{.handshake_timeout = 50ms, .allowed_hosts = {refused ? "elsewhere" : "localhost"}});
  session.BlockWrites(true);
  CHECK(Get(session.Init()) == Errc::HandshakeTimeout);
}

TEST_CASE("Close while the application decides ends Init with closed") {
  Options options;
  options.authorize = NeverDecide;
  MemorySession session(std::move(options));
  auto result = session.Init();
  session.socket.Close();
  CHECK(Get(std::move(result)) == Errc::Closed);
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
}

TEST_CASE("a peer that leaves during the handshake ends Init with the transport's error") {
  MemorySession session;
  session.Pair().to_second->CutAfter(20);
  CHECK(Get(session.Init()).failed());
  CHECK(session.socket.Emit("x") == Errc::Closed);
}

TEST_CASE("a second Init throws and leaves the first connection as it is") {
  MemorySession session;
  session.socket.On("x", [] { return 1; });
  session.Open();
  ws::test::MemoryPair other(session.Context().get_executor());
  CHECK_THROWS_AS(session.socket.Init(std::move(other.first), UpgradeRequest()), std::logic_error);
  CHECK(session.socket.IsConnected());
  session.peer.Send("x", nullptr, 1);
  CHECK(session.peer.Receive()["data"] == 1);
}

TEST_CASE("Init on a handle that is closing says closed and does not disturb the close") {
  MemorySession session;
  auto end = ws::test::EndOf(session.socket);
  session.Open();
  session.socket.Close(4002);
  ws::test::MemoryPair other(session.Context().get_executor());
  CHECK(Get(session.Start(session.socket.Init(std::move(other.first), UpgradeRequest()))) == Errc::Closed);
  CHECK(session.peer.Close().code == 4002);
  CHECK(Get(std::move(end)).code == 4002);
}

TEST_CASE("what is emitted before Init is queued and sent first") {
  MemorySession session;
  CHECK_FALSE(session.socket.Emit("early", 1));
  CHECK(session.socket.EmitVolatile("lost") == Errc::Closed);
  session.Open();
  CHECK_FALSE(session.socket.Emit("later", 2));
  CHECK(session.peer.Receive()["event"] == "early");
  CHECK(session.peer.Receive()["event"] == "later");
}

TEST_CASE("a stream that moves one octet at a time carries everything") {
  MemorySession session;
  session.Pair().to_first->Chop(1);
  session.Pair().to_second->Chop(1);
  session.socket.On("echo", [](const ws::Json& data) { return data; });
  session.Open();
  const std::string text(300, 'x');
  session.peer.Send("echo", text, "id");
  const auto answer = session.peer.Receive();
  CHECK(answer["data"] == text);
  CHECK(answer["id"] == "id");
  CHECK(session.peer.Close().code == 1000);
}
