// Plain HTTP requests to the server: valid ones are answered, and dangerous ones are refused.
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <thread>

#include "support/coroutines.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::HttpResponse;
using ws::Server;
using ws::ServerOptions;
using ws::test::UpgradeText;

namespace {

// Answers each request with its target and body, and records the target.
void AnswerAll(Server& server, Recorder& recorder) {
  server.OnRequest([&recorder](const HttpRequest& request) -> HttpResponse {
    recorder.Add(request.target);
    return {200, {}, request.target + " " + request.body};
  });
}

}  // namespace

TEST_CASE("a request with an ambiguous length is refused, and the bytes after it are not read") {
  const std::string headers =
      GENERATE(as<std::string>(), "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: xchunked\r\n",
               "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity\r\n",
               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
               "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
               "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n");
  CAPTURE(headers);
  Recorder recorder;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& prepared) { AnswerAll(prepared, recorder); });
  auto client = server.Dial();
  CHECK(client
            .SendRequest("POST /a HTTP/1.1\r\nHost: h\r\n" + headers +
                         "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
            .status == 400);
  client.ReceiveUntilEof();
  CHECK(recorder.Size() == 0);
}

TEST_CASE("a request without exactly one valid Host header is answered with 400, and the connection is closed") {
  const std::string rest =
      GENERATE(as<std::string>(), "1\r\n", "1\r\nHost: a\r\nHost: b\r\n", "0\r\nHost: a\r\nHost: a\r\n",
               "1\r\nHost: a/b\r\n", "1\r\nHost: me@a\r\n", "1\r\nHost: a:b\r\n", "1\r\nHost: a b\r\n");
  Recorder recorder;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& prepared) { AnswerAll(prepared, recorder); });
  auto client = server.Dial();
  CHECK(client.SendRequest("GET /a HTTP/1." + rest + "\r\n").status == 400);
  client.ReceiveUntilEof();
  CHECK(recorder.Size() == 0);
}

TEST_CASE("a chunked body is read, and an Expect header is answered with 100") {
  Recorder recorder;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& prepared) { AnswerAll(prepared, recorder); });
  auto client = server.Dial();
  const std::string chunked = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  CHECK(client.SendRequest(chunked).body == "/a abc");
  CHECK(client.SendRequest("POST /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").status ==
        100);
  CHECK(client.SendRequest("abc").body == "/b abc");
  const std::string long_chunk = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;";
  CHECK(client.SendRequest(long_chunk + std::string(20000, 'x') + "\r\nabc\r\n0\r\n\r\n").status == 400);
}

TEST_CASE("an HTTP/1.0 request gets no 100, and a chunked one is refused") {
  Recorder recorder;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& prepared) { AnswerAll(prepared, recorder); });
  const std::string old = "POST /a HTTP/1.0\r\nConnection: keep-alive\r\n";
  auto expecting = server.Dial();
  CHECK(expecting.SendRequest(old + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc").body == "/a abc");
  auto chunked = server.Dial();
  CHECK(chunked.SendRequest(old + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.0\r\n\r\n").status ==
        400);
  chunked.ReceiveUntilEof();
  CHECK(recorder.Entries() == std::vector<std::string>{"/a"});
}

TEST_CASE("a response to HEAD has no body, also if it is an error") {
  TestServer server(ServerOptions{}, [](Server&) {});
  const std::string headers = GENERATE(as<std::string>(), "Host: h\r\n", "", "Host: a\r\nHost: b\r\n");
  auto client = server.Dial();
  client.SendBytes("HEAD / HTTP/1.1\r\n" + headers + "\r\n");
  CHECK(client.ReceiveUntilEof().ends_with("\r\n\r\n"));
}

TEST_CASE("an absolute target selects the route, and its host replaces the Host header") {
  TestServer server([](Handler) {}, {.allowed_hosts = {"localhost"}});
  CHECK(server.Dial().SendRequest(UpgradeText("http://localhost/ws")).status == 101);
  CHECK(server.Dial().SendRequest(UpgradeText("http://localhost")).status == 404);
  CHECK(server.Dial().SendRequest(UpgradeText("http://localhost?a=/ws")).status == 404);
  CHECK(server.Dial().SendRequest(UpgradeText("http://evil.example/ws")).status == 403);
}

TEST_CASE("a request is still answered if the server stops while its callback runs") {
  Server* stopped = nullptr;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& prepared) {
    stopped = &prepared;
    prepared.OnRequest([&](const HttpRequest&) -> HttpResponse {
      stopped->Stop();
      return {200, {}, "bye"};
    });
  });
  auto client = server.Dial();
  CHECK(client.SendRequest("POST /stop HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").body == "bye");
  client.ReceiveUntilEof();
}

TEST_CASE("the handshake_timeout of a route overrides that of the server, whether it is shorter or longer") {
  const bool longer = GENERATE(false, true);
  Options options{.handshake_timeout = longer ? 30'000ms : 50ms};
  options.authorize = [&](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
    const auto thinking = longer ? 300ms : 60'000ms;
    co_await ws::test::SleepAsync(thinking);
    co_return ws::Authorization::Accept();
  };
  TestServer server([](Handler) {}, options, {.connection = {.handshake_timeout = longer ? 100ms : 60'000ms}});
  auto client = server.Dial();
  if (longer) {
    CHECK(client.SendRequest(UpgradeText()).status == 101);
  } else {
    client.SendBytes(UpgradeText());
    CHECK(client.ReceiveUntilEof().empty());
  }
}

TEST_CASE("a route's callback is not called if the handshake ends before authorize has decided") {
  Recorder recorder;
  asio::thread_pool other(1);
  Latch decide;
  Options options{.handshake_timeout = 30ms};
  options.authorize = [&](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
    // An operation that ignores cancellation.
    const auto here = co_await asio::this_coro::executor;
    auto ask = [&, here](auto handler) {
      const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      asio::post(other, [&, shared, here] {
        decide.Wait();
        asio::post(here, [shared] { std::move (*shared)(); });
      });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(ask, asio::use_awaitable);
    recorder.Add("decided");
    co_return ws::Authorization::Accept();
  };
  TestServer server([&](Handler) { recorder.Add("opened"); }, options);
  auto client = server.Dial();
  client.SendBytes(UpgradeText());
  CHECK(client.ReceiveUntilEof().empty());
  decide.Release();
  recorder.WaitFor(1);
  while (server->Connections() != 0) std::this_thread::yield();
  CHECK(recorder.Entries() == std::vector<std::string>{"decided"});
}

// The timeout of the refused connection expires while the I/O thread is blocked, together with the peer's close.
TEST_CASE("a refused client may close its connection at the moment when the server's timeout expires") {
  Latch latch;
  TestServer server([&](Handler socket) { socket.On("busy", [&] { latch.Wait(); }); },
                    {.callback_thread = ws::CallbackThread::Io}, {.max_connections = 1});
  auto first = server.Connect();
  auto second = server.Dial();
  CHECK(second.ReceiveResponse().status == 503);
  first.Send("busy");
  std::promise<void> never;
  CHECK(never.get_future().wait_for(1200ms) ==
        std::future_status::timeout);  // the refused connection is closed after one second
  second.DropConnection();
  latch.Release();
  first.Send("x", nullptr, 1);
  CHECK(first.Receive()["event"] == "$ack");
}
