// Plain HTTP beside the WebSocket: what must not pass, and what must.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <thread>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Handler;
using ws::HttpRequest;
using ws::HttpResponse;
using ws::Server;
using ws::ServerOptions;
using ws::test::Journal;
using ws::test::TestServer;
using ws::test::UpgradeText;

namespace {

// Answers with the target and the body, and notes what it was asked.
void Answer(Server& server, Journal& journal) {
  server.OnRequest([&journal](const HttpRequest& request) -> HttpResponse {
    journal.Add(request.target);
    return {200, {}, request.target + " " + request.body};
  });
}

}  // namespace

TEST_CASE("a request whose end cannot be told is refused, and what follows it is not read") {
  const std::string headers =
      GENERATE(as<std::string>(), "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: xchunked\r\n",
               "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: identity\r\n",
               "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
               "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
               "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n");
  CAPTURE(headers);
  Journal journal;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& one) { Answer(one, journal); });
  auto client = server.Dial();
  CHECK(
      client.Ask("POST /a HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
          .status == 400);
  client.ReceiveEnd();
  CHECK(journal.Size() == 0);
}

TEST_CASE("without exactly one Host that is one the answer is 400 and the connection ends") {
  const std::string rest =
      GENERATE(as<std::string>(), "1\r\n", "1\r\nHost: a\r\nHost: b\r\n", "0\r\nHost: a\r\nHost: a\r\n",
               "1\r\nHost: a/b\r\n", "1\r\nHost: me@a\r\n", "1\r\nHost: a:b\r\n", "1\r\nHost: a b\r\n");
  Journal journal;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& one) { Answer(one, journal); });
  auto client = server.Dial();
  CHECK(client.Ask("GET /a HTTP/1." + rest + "\r\n").status == 400);
  client.ReceiveEnd();
  CHECK(journal.Size() == 0);
}

TEST_CASE("a chunked body is read, and who expects a 100 gets it") {
  Journal journal;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& one) { Answer(one, journal); });
  auto client = server.Dial();
  const std::string chunked = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  CHECK(client.Ask(chunked).body == "/a abc");
  CHECK(client.Ask("POST /b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").status == 100);
  CHECK(client.Ask("abc").body == "/b abc");
  const std::string long_chunk = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;";
  CHECK(client.Ask(long_chunk + std::string(20000, 'x') + "\r\nabc\r\n0\r\n\r\n").status == 400);
}

TEST_CASE("HTTP/1.0 has no chunks, and nobody who speaks it is told to go on") {
  Journal journal;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& one) { Answer(one, journal); });
  const std::string old = "POST /a HTTP/1.0\r\nConnection: keep-alive\r\n";
  auto hopeful = server.Dial();
  CHECK(hopeful.Ask(old + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc").body == "/a abc");
  auto chunked = server.Dial();
  CHECK(chunked.Ask(old + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.0\r\n\r\n").status == 400);
  chunked.ReceiveEnd();
  CHECK(journal.Entries() == std::vector<std::string>{"/a"});
}

TEST_CASE("an answer to HEAD has no body, a refusal neither") {
  TestServer server(ServerOptions{}, [](Server&) {});
  const std::string headers = GENERATE(as<std::string>(), "Host: h\r\n", "", "Host: a\r\nHost: b\r\n");
  auto client = server.Dial();
  client.SendBytes("HEAD / HTTP/1.1\r\n" + headers + "\r\n");
  CHECK(client.ReceiveEnd().ends_with("\r\n\r\n"));
}

TEST_CASE("an absolute target finds its route, and its host is the one that counts") {
  TestServer server([](Handler) {}, {.allowed_hosts = {"localhost"}});
  CHECK(server.Dial().Ask(UpgradeText("http://localhost/ws")).status == 101);
  CHECK(server.Dial().Ask(UpgradeText("http://localhost")).status == 404);
  CHECK(server.Dial().Ask(UpgradeText("http://localhost?a=/ws")).status == 404);
  CHECK(server.Dial().Ask(UpgradeText("http://evil.example/ws")).status == 403);
}

TEST_CASE("a request whose answer is being made when the server stops is answered") {
  Server* stopped = nullptr;
  TestServer server(ServerOptions{.keep_alive = true}, [&](Server& one) {
    stopped = &one;
    one.OnRequest([&](const HttpRequest&) -> HttpResponse {
      stopped->Stop();
      return {200, {}, "bye"};
    });
  });
  auto client = server.Dial();
  CHECK(client.Ask("POST /stop HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").body == "bye");
  client.ReceiveEnd();
}

TEST_CASE("a route's own handshake_timeout counts, shorter or longer than the server's") {
  const bool longer = GENERATE(false, true);
  ws::Options options{.handshake_timeout = longer ? 30'000ms : 50ms};
  options.authorize = [&](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
    const auto thinking = longer ? 300ms : 60'000ms;
    asio::steady_timer timer(co_await asio::this_coro::executor, thinking);
    co_await timer.async_wait(asio::use_awaitable);
    co_return ws::Authorization::Accept();
  };
  TestServer server([](Handler) {}, options, {.connection = {.handshake_timeout = longer ? 100ms : 60'000ms}});
  auto client = server.Dial();
  if (longer) {
    CHECK(client.Ask(UpgradeText()).status == 101);
  } else {
    client.SendBytes(UpgradeText());
    CHECK(client.ReceiveEnd().empty());
  }
}

TEST_CASE("a route hears nothing of a handshake that was over before its decision came") {
  Journal journal;
  asio::thread_pool other(1);
  ws::test::Door decide;
  ws::Options options{.handshake_timeout = 30ms};
  options.authorize = [&](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
    // Something that hears no cancellation.
    const auto here = co_await asio::this_coro::executor;
    auto ask = [&, here](auto handler) {
      const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      asio::post(other, [&, shared, here] {
        decide.Pass();
        asio::post(here, [shared] { std::move (*shared)(); });
      });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(ask, asio::use_awaitable);
    journal.Add("decided");
    co_return ws::Authorization::Accept();
  };
  TestServer server([&](Handler) { journal.Add("opened"); }, options);
  auto client = server.Dial();
  client.SendBytes(UpgradeText());
  CHECK(client.ReceiveEnd().empty());
  decide.Open();
  journal.WaitFor(1);
  while (server->Connections() != 0) std::this_thread::yield();
  CHECK(journal.Entries() == std::vector<std::string>{"decided"});
}

// The clock of a refused connection runs out in the turn in which its peer leaves.
TEST_CASE("who is turned away may leave at any time") {
  ws::test::Door door;
  TestServer server([&](Handler socket) { socket.On("busy", [&] { door.Pass(); }); },
                    {.callback_thread = ws::CallbackThread::Io}, {.max_connections = 1});
  auto first = server.Connect();
  auto second = server.Dial();
  CHECK(second.ReadAnswer().status == 503);
  first.Send("busy");
  std::promise<void> never;
  CHECK(never.get_future().wait_for(1200ms) == std::future_status::timeout);  // past the second that it has
  second.Cut();
  door.Open();
  first.Send("x", nullptr, 1);
  CHECK(first.Receive()["event"] == "$ack");
}
