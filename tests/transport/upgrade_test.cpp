// Init: from the request to the open connection or to a refusal.
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/dynamic_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <ostream>
#include <string>

#include "support/coroutines.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"

namespace http = boost::beast::http;
using ws::Authorization;
using ws::test::UpgradeRequest;

namespace {

asio::awaitable<Authorization> RefuseLater(const HttpRequest&) {
  co_await ws::test::SleepAsync(1ms);
  co_return Authorization::Refuse(402, "pay first");
}

asio::awaitable<Authorization> AcceptLater(const HttpRequest& request) {
  const std::string target = request.target;
  co_await ws::test::SleepAsync(1ms);
  co_return Authorization::Accept(target);
}

asio::awaitable<Authorization> NeverDecide(const HttpRequest&) {
  co_await ws::test::WaitForeverAsync();
  co_return Authorization::Accept();
}

}  // namespace

TEST_CASE("an invalid request is refused with an HTTP response, and its connection is closed") {
  MemorySession session;
  const auto captured = std::make_shared<int>();
  session.socket.On("disconnect", [captured] { FAIL("disconnect was called without connect"); });
  HttpRequest request = UpgradeRequest();
  request.headers.emplace_back("Origin", "http://evil.example");
  auto result = session.Init(request);
  const auto answer = session.peer.ReceiveResponse();
  CHECK(answer.status == 403);
  CHECK(answer.head.find("Connection: close") != answer.head.npos);
  CHECK_FALSE(answer.body.empty());
  CHECK(session.peer.ReceiveUntilEof().empty());
  CHECK(Get(std::move(result)) == Errc::Refused);
  CHECK_FALSE(session.socket.IsConnected());
  CHECK(session.socket.Emit("x") == Errc::Closed);
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  CHECK(captured.use_count() == 1);
}

TEST_CASE("authorize refuses with a status and a text, at once or as a coroutine") {
  const bool later = GENERATE(false, true);
  Options options;
  options.authorize = [](const HttpRequest&) { return Authorization::Refuse(402, "pay first"); };
  if (later) options.authorize = RefuseLater;
  MemorySession session(std::move(options));
  auto result = session.Init();
  const auto answer = session.peer.ReceiveResponse();
  CHECK(answer.status == 402);
  CHECK(answer.body == "pay first\n");
  CHECK(Get(std::move(result)) == Errc::Refused);
}

TEST_CASE("an exception from authorize refuses with 500, and its text is not sent to the peer") {
  const bool standard = GENERATE(true, false);
  Options options;
  options.log = [](const ws::LogRecord&) {};
  options.authorize = [standard](const HttpRequest&) -> Authorization {
    if (standard) throw std::runtime_error("secret");
    throw 7;
  };
  MemorySession session(std::move(options));
  auto result = session.Init();
  const auto answer = session.peer.ReceiveResponse();
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == answer.body.npos);
  CHECK(Get(std::move(result)) == Errc::Refused);
}

TEST_CASE("the Handler has the identity that authorize attached, and the request") {
  Options options;
  options.authorize = AcceptLater;
  MemorySession session(std::move(options));
  CHECK(session.socket.Identity().is_null());
  session.Open();
  CHECK(session.socket.Identity() == "/ws");
  CHECK(session.socket.Handshake().Header("host") == "localhost");
}

TEST_CASE("the subprotocol is the first one in the server's list that the client offers") {
  MemorySession session(Options{.subprotocols = {"v3", "v2", "v1"}});
  HttpRequest request = UpgradeRequest();
  request.headers.emplace_back("Sec-WebSocket-Protocol", "v1, v2");
  auto result = session.Init(request);
  CHECK(session.peer.ReceiveResponse().head.find("Sec-WebSocket-Protocol: v2\r\n") != std::string::npos);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(session.socket.Subprotocol() == "v2");
}

TEST_CASE("bytes that follow the request are handled exactly once, wherever they are split") {
  std::string frames = ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"n","data":1})");
  frames += ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"n","data":2})");
  for (std::size_t split = 0; split <= frames.size(); split += 5) {
    Recorder recorder;
    MemorySession session;
    session.socket.On("n", [&](const Json& data) { recorder.Add(data.dump()); });
    session.Open(frames.substr(0, split));
    session.peer.SendBytes(frames.substr(split));
    CHECK(recorder.WaitFor(2) == std::vector<std::string>{"1", "2"});
    session.peer.Close();
    CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
    CHECK(recorder.Size() == 2);
  }
}

TEMPLATE_TEST_CASE("Init accepts a Beast request with any body type", "", http::string_body, http::dynamic_body) {
  MemorySession session;
  http::request<TestType> request{http::verb::get, "/ws?a=1", 11};
  for (const auto& [name, value] : UpgradeRequest().headers) request.set(name, value);
  boost::beast::flat_buffer leftover;
  const std::string frame = ws::test::MaskedFrame(ws::protocol::Opcode::Text, R"({"event":"x","id":5})");
  leftover.commit(asio::buffer_copy(leftover.prepare(frame.size()), asio::buffer(frame)));
  auto result = session.Spawn(session.socket.Init(std::move(session.Pair().first), request, leftover));
  CHECK(session.peer.ReceiveResponse().status == 101);
  CHECK_FALSE(Get(std::move(result)));
  CHECK(session.peer.Receive()["id"] == 5);
  CHECK(session.socket.Handshake().Query() == "a=1");
}

TEST_CASE("an authorize that never completes ends the handshake at its deadline") {
  Options options{.handshake_timeout = 50ms};
  options.authorize = NeverDecide;
  MemorySession session(std::move(options));
  CHECK(Get(session.Init()) == Errc::HandshakeTimeout);
  CHECK(session.peer.ReceiveUntilEof().empty());
  CHECK(session.socket.Emit("x") == Errc::Closed);
}

TEST_CASE("a peer that does not read our response ends the handshake at its deadline") {
  const bool refused = GENERATE(false, true);
  MemorySession session(Options{.handshake_timeout = 50ms, .allowed_hosts = {refused ? "elsewhere" : "localhost"}});
  session.BlockWrites(true);
  CHECK(Get(session.Init()) == Errc::HandshakeTimeout);
}

TEST_CASE("Close while authorize is pending ends Init with closed") {
  Options options;
  options.authorize = NeverDecide;
  MemorySession session(std::move(options));
  auto result = session.Init();
  session.socket.Close();
  CHECK(Get(std::move(result)) == Errc::Closed);
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
}

TEST_CASE("a peer that disconnects during the handshake ends Init with a transport error") {
  MemorySession session;
  session.Pair().to_second->BreakAfter(20);
  CHECK(Get(session.Init()).failed());
  CHECK(session.socket.Emit("x") == Errc::Closed);
}

TEST_CASE("a second Init throws, and the first connection stays open") {
  MemorySession session;
  session.socket.On("x", [] { return 1; });
  session.Open();
  ws::test::MemoryPair other(session.Context().get_executor());
  CHECK_THROWS_AS(session.socket.Init(std::move(other.first), UpgradeRequest()), std::logic_error);
  CHECK(session.socket.IsConnected());
  session.peer.Send("x", nullptr, 1);
  CHECK(session.peer.Receive()["data"] == 1);
}

TEST_CASE("Init on a closing connection returns closed, and does not disturb the close") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Close(4002);
  ws::test::MemoryPair other(session.Context().get_executor());
  CHECK(Get(session.Spawn(session.socket.Init(std::move(other.first), UpgradeRequest()))) == Errc::Closed);
  CHECK(session.peer.Close().code == 4002);
  CHECK(Get(std::move(close_reason)).code == 4002);
}

TEST_CASE("messages emitted before Init are queued and sent first") {
  MemorySession session;
  CHECK_FALSE(session.socket.Emit("early", 1));
  CHECK(session.socket.EmitVolatile("lost") == Errc::Closed);
  session.Open();
  CHECK_FALSE(session.socket.Emit("later", 2));
  CHECK(session.peer.Receive()["event"] == "early");
  CHECK(session.peer.Receive()["event"] == "later");
}

TEST_CASE("a stream that transfers one octet at a time works") {
  MemorySession session;
  session.Pair().to_first->LimitTransferSize(1);
  session.Pair().to_second->LimitTransferSize(1);
  session.socket.On("echo", [](const Json& data) { return data; });
  session.Open();
  const std::string text(300, 'x');
  session.peer.Send("echo", text, "id");
  const auto answer = session.peer.Receive();
  CHECK(answer["data"] == text);
  CHECK(answer["id"] == "id");
  CHECK(session.peer.Close().code == 1000);
}
