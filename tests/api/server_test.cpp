// The listener: routes, plain HTTP, limits.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Errc;
using ws::Handler;
using ws::HttpRequest;
using ws::HttpResponse;
using ws::Json;
using ws::Server;
using ws::ServerOptions;
using ws::test::Get;
using ws::test::Journal;
using ws::test::TestServer;
using ws::test::UpgradeText;

namespace {

std::string Plain(const std::string& first_line, const std::string& headers = {}, const std::string& body = {}) {
  return first_line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body;
}

}  // namespace

TEST_CASE("a server on port 0 has a port of its own, until it stops, and can be started again") {
  Server server({.port = 0, .workers = 1});
  server.Route("/ws", [](Handler socket) { socket.On("x", [] { return 1; }); });
  for (int round = 0; round < 3; ++round) {
    CHECK(server.Port() == 0);
    CHECK_FALSE(server.Start());
    CHECK(server.Port() != 0);
    CHECK_THROWS_AS(server.Start(), std::logic_error);
    CHECK_THROWS_AS(server.Route("/late", [](Handler) {}), std::logic_error);
    ws::test::TestClient client(ws::test::DialTcp(server.Port()));
    client.Upgrade();
    client.Send("x", nullptr, 1);
    CHECK(client.Receive()["data"] == 1);
    CHECK(server.Connections() == 1);
    client.Close();
    server.Stop();
    CHECK(server.Connections() == 0);
  }
}

TEST_CASE("an address of :: listens on both families") {
  TestServer server([](Handler) {}, {}, {.address = "::"});
  for (const std::string address : {"127.0.0.1", "::1"}) {
    ws::test::TestClient client(ws::test::DialTcp(server->Port(), address));
    client.Upgrade();
    CHECK(client.Close().code == 1000);
  }
}

TEST_CASE("failing to bind is what Start and Run return") {
  Server first({.port = 0, .workers = 1});
  REQUIRE_FALSE(first.Start());
  Server second({.port = first.Port(), .workers = 1});
  CHECK(second.Start() == boost::system::errc::address_in_use);
  CHECK(second.Run() == boost::system::errc::address_in_use);
  std::string said;
  Server third({.address = "localhost", .port = 0, .log = [&](const ws::LogRecord& one) { said = one.text; }});
  CHECK(third.Run().failed());
  CHECK(said == "the server's address is no IP address, nor unix:PATH");
}

TEST_CASE("a route is chosen by the path without the query, * takes the rest, and without it there is 404") {
  Journal journal;
  const bool rest = GENERATE(false, true);
  TestServer server(ServerOptions{}, [&](Server& one) {
    one.Route("/a", [&](Handler) { journal.Add("a"); });
    one.Route("/b", {.subprotocols = {"b"}},
              [&](Handler socket) { journal.Add("b" + std::string(socket.Handshake().Query())); });
    if (rest) one.Route("*", [&](Handler socket) { journal.Add(socket.Handshake().target); });
  });
  server.Connect("/a?x=1").Close();
  server.Connect("/b?x=2", "Sec-WebSocket-Protocol: b\r\n").Close();
  auto other = server.Dial();
  CHECK(other.Ask(UpgradeText("/a/b")).status == (rest ? 101 : 404));
  auto names = std::vector<std::string>{"a", "bx=2"};
  if (rest) names.emplace_back("/a/b");
  CHECK(journal.Entries() == names);
}

TEST_CASE("a route's callback that throws anything refuses with 500") {
  const bool standard = GENERATE(true, false);
  TestServer server(
      [standard](Handler) {
        if (standard) throw std::runtime_error("secret");
        throw 7;
      },
      {}, {.log = [](const ws::LogRecord&) {}});
  const auto answer = server.Dial().Ask(UpgradeText());
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == answer.body.npos);
}

TEST_CASE("past max_connections the answer is 503, and it is accepted again when one leaves") {
  TestServer server([](Handler) {}, {}, {.max_connections = 2});
  auto first = server.Connect();
  auto second = server.Connect();
  auto third = server.Dial();
  CHECK(third.Ask(UpgradeText()).status == 503);
  first.Close();
  third.Cut();
  while (server->Connections() > 1) std::this_thread::yield();
  CHECK(server.Connect().Close().code == 1000);
}

TEST_CASE("requests that ask for no WebSocket go to the callback, on the pool") {
  ServerOptions options{.max_body_bytes = 1000, .keep_alive = true, .log = [](const ws::LogRecord&) {}};
  TestServer server(std::move(options), [](Server& one) {
    one.OnRequest([](const HttpRequest& request) -> HttpResponse {
      if (request.Path() == "/throw") throw std::runtime_error("secret");
      if (request.Path() == "/int") throw 7;
      return {201, {{"X-Method", request.method}, {"X-Bad", "a\r\nInjected: b"}}, request.target + request.body};
    });
  });
  auto client = server.Dial();
  const auto posted = client.Ask(Plain("POST /a?b=c", "Content-Length: 4\r\n", "body"));
  CHECK(posted.status == 201);
  CHECK(posted.body == "/a?b=cbody");
  CHECK(posted.head.find("X-Method: POST\r\n") != std::string::npos);
  CHECK(posted.head.find("Injected") == std::string::npos);
  // Kept alive.
  CHECK(client.Ask(Plain("GET /again")).body == "/again");
  const auto thrown = client.Ask(Plain("GET /throw"));
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("secret") == std::string::npos);
  CHECK(client.Ask(Plain("GET /int")).status == 500);
  CHECK(client.Ask(Plain("GET /last", "Connection: close\r\n")).body == "/last");
  CHECK(client.ReceiveEnd().empty());
  const auto large = server.Dial().Ask(Plain("POST /", "Content-Length: 1001\r\n"));
  CHECK(large.status == 413);
  CHECK(server.Dial().Ask(Plain("POST /", "Content-Length: 1000\r\n", std::string(1000, 'x'))).status == 201);
}

TEST_CASE("without keep_alive one request is answered, and the connection ends") {
  TestServer server([](Handler) {});
  auto client = server.Dial();
  CHECK(client.Ask(Plain("GET /nothing") + Plain("GET /more")).status == 404);
  CHECK(client.ReceiveEnd().empty());
  CHECK(server.Dial().Ask(Plain("GET /ws")).status == 426);
}

TEST_CASE("clocks of zero are off in plain HTTP too") {
  ServerOptions options{.keep_alive = true, .answer_timeout = 0ms, .drain_timeout = 0ms};
  options.connection.handshake_timeout = 0ms;
  TestServer server(std::move(options), [](Server& one) {
    one.OnRequest([](const HttpRequest& request) -> HttpResponse { return {200, {}, request.target}; });
  });
  auto client = server.Dial();
  CHECK(client.Ask(Plain("GET /first")).body == "/first");
  CHECK(client.Ask(Plain("GET /second")).body == "/second");
}

TEST_CASE("silent clients are closed by the handshake deadline while others connect") {
  TestServer server([](Handler) {}, {}, {.connection = {.handshake_timeout = 100ms}});
  auto silent = server.Dial();
  auto half = server.Dial();
  half.SendBytes("GET /ws HTTP/1.1\r\n");
  CHECK(server.Connect().Close().code == 1000);
  CHECK(silent.ReceiveEnd().empty());
  half.ReceiveEnd();
}

TEST_CASE("out of descriptors the server waits without burning time, and accepts again") {
  std::atomic<int> severe = 0;
  ServerOptions options{
      .log = [&](const ws::LogRecord& record) { severe += record.level == ws::LogLevel::Severe ? 1 : 0; }};
  TestServer server([](Handler) {}, {}, std::move(options));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // The lowest free descriptor becomes the last one, and the client takes it.
  const int last = ::dup(0);
  rlimit few = before;
  few.rlim_cur = static_cast<rlim_t>(last) + 1;
  ::setrlimit(RLIMIT_NOFILE, &few);
  ::close(last);
  {
    auto waiting = server.Dial();
    while (severe == 0) std::this_thread::yield();
    const std::clock_t begin = std::clock();
    std::promise<void> never;
    never.get_future().wait_for(500ms);
    CHECK(std::clock() - begin < CLOCKS_PER_SEC / 5);
    CHECK(severe == 1);
    ::setrlimit(RLIMIT_NOFILE, &before);
    waiting.Upgrade();
    CHECK(waiting.Close().code == 1000);
  }
  CHECK(server.Connect().Close().code == 1000);
}

TEST_CASE("a server starts again on its port while others ask it how many connections it has") {
  Server first({.port = 0, .workers = 1});
  REQUIRE_FALSE(first.Start());
  Server server({.port = first.Port(), .workers = 1});
  first.Stop();
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int count = 0; count < 2; ++count) {
    threads.emplace_back([&] {
      while (!done) static_cast<void>(server.Connections());
    });
  }
  for (int round = 0; round < 100; ++round) {
    CHECK_FALSE(server.Start());
    server.Stop();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}
