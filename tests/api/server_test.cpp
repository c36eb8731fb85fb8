// The server: routes, plain HTTP and limits.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::HttpResponse;
using ws::Server;
using ws::ServerOptions;
using ws::test::UpgradeText;

namespace {

std::string PlainRequest(const std::string& first_line, const std::string& headers = {}, const std::string& body = {}) {
  return first_line + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body;
}

}  // namespace

TEST_CASE("a server on port 0 gets a free port until it stops, and can be started again") {
  Server server({.port = 0, .workers = 1});
  server.Route("/ws", [](Handler socket) { socket.On("x", [] { return 1; }); });
  for (int round = 0; round < 3; ++round) {
    CHECK(server.Port() == 0);
    CHECK_FALSE(server.Start());
    CHECK(server.Port() != 0);
    CHECK_THROWS_AS(server.Start(), std::logic_error);
    CHECK_THROWS_AS(server.Route("/late", [](Handler) {}), std::logic_error);
    TestClient client(ws::test::DialTcp(server.Port()));
    client.Upgrade();
    client.Send("x", nullptr, 1);
    CHECK(client.Receive()["data"] == 1);
    CHECK(server.Connections() == 1);
    client.Close();
    server.Stop();
    CHECK(server.Connections() == 0);
  }
}

TEST_CASE("a server on the address :: accepts IPv4 and IPv6") {
  TestServer server([](Handler) {}, {}, {.address = "::"});
  for (const std::string address : {"127.0.0.1", "::1"}) {
    TestClient client(ws::test::DialTcp(server->Port(), address));
    client.Upgrade();
    CHECK(client.Close().code == 1000);
  }
}

TEST_CASE("Start and Run return the error if binding fails") {
  Server first({.port = 0, .workers = 1});
  REQUIRE_FALSE(first.Start());
  Server second({.port = first.Port(), .workers = 1});
  CHECK(second.Start() == boost::system::errc::address_in_use);
  CHECK(second.Run() == boost::system::errc::address_in_use);
  std::string logged;
  Server third({.address = "localhost", .port = 0, .log = [&](const ws::LogRecord& record) { logged = record.text; }});
  CHECK(third.Run().failed());
  CHECK(logged == "the server's address is neither an IP address nor unix:PATH");
}

TEST_CASE(
    "a route is selected by the path without the query, and other paths go to the route * or are answered with 404") {
  Recorder recorder;
  const bool has_fallback = GENERATE(false, true);
  TestServer server(ServerOptions{}, [&](Server& prepared) {
    prepared.Route("/a", [&](Handler) { recorder.Add("a"); });
    prepared.Route("/b", {.subprotocols = {"b"}},
                   [&](Handler socket) { recorder.Add("b" + std::string(socket.Handshake().Query())); });
    if (has_fallback) prepared.Route("*", [&](Handler socket) { recorder.Add(socket.Handshake().target); });
  });
  server.Connect("/a?x=1").Close();
  server.Connect("/b?x=2", "Sec-WebSocket-Protocol: b\r\n").Close();
  auto other = server.Dial();
  CHECK(other.SendRequest(UpgradeText("/a/b")).status == (has_fallback ? 101 : 404));
  auto names = std::vector<std::string>{"a", "bx=2"};
  if (has_fallback) names.emplace_back("/a/b");
  CHECK(recorder.Entries() == names);
}

TEST_CASE("an exception from a route's callback refuses the handshake with 500") {
  const bool standard = GENERATE(true, false);
  TestServer server(
      [standard](Handler) {
        if (standard) throw std::runtime_error("secret");
        throw 7;
      },
      {}, {.log = [](const ws::LogRecord&) {}});
  const auto answer = server.Dial().SendRequest(UpgradeText());
  CHECK(answer.status == 500);
  CHECK(answer.body.find("secret") == answer.body.npos);
}

TEST_CASE("connections beyond max_connections are answered with 503 until another one closes") {
  TestServer server([](Handler) {}, {}, {.max_connections = 2});
  auto first = server.Connect();
  auto second = server.Connect();
  auto third = server.Dial();
  CHECK(third.SendRequest(UpgradeText()).status == 503);
  first.Close();
  third.DropConnection();
  while (server->Connections() > 1) std::this_thread::yield();
  CHECK(server.Connect().Close().code == 1000);
}

TEST_CASE("requests without an upgrade go to the OnRequest callback") {
  ServerOptions options{.max_body_bytes = 1000, .keep_alive = true, .log = [](const ws::LogRecord&) {}};
  TestServer server(std::move(options), [](Server& prepared) {
    prepared.OnRequest([](const HttpRequest& request) -> HttpResponse {
      if (request.Path() == "/throw") throw std::runtime_error("secret");
      if (request.Path() == "/int") throw 7;
      return {201, {{"X-Method", request.method}, {"X-Bad", "a\r\nInjected: b"}}, request.target + request.body};
    });
  });
  auto client = server.Dial();
  const auto posted = client.SendRequest(PlainRequest("POST /a?b=c", "Content-Length: 4\r\n", "body"));
  CHECK(posted.status == 201);
  CHECK(posted.body == "/a?b=cbody");
  CHECK(posted.head.find("X-Method: POST\r\n") != std::string::npos);
  CHECK(posted.head.find("Injected") == std::string::npos);
  // The connection was kept alive.
  CHECK(client.SendRequest(PlainRequest("GET /again")).body == "/again");
  const auto thrown = client.SendRequest(PlainRequest("GET /throw"));
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("secret") == std::string::npos);
  CHECK(client.SendRequest(PlainRequest("GET /int")).status == 500);
  CHECK(client.SendRequest(PlainRequest("GET /last", "Connection: close\r\n")).body == "/last");
  CHECK(client.ReceiveUntilEof().empty());
  const auto large = server.Dial().SendRequest(PlainRequest("POST /", "Content-Length: 1001\r\n"));
  CHECK(large.status == 413);
  CHECK(server.Dial().SendRequest(PlainRequest("POST /", "Content-Length: 1000\r\n", std::string(1000, 'x'))).status ==
        201);
}

TEST_CASE("without keep_alive the connection is closed after one request") {
  TestServer server([](Handler) {});
  auto client = server.Dial();
  CHECK(client.SendRequest(PlainRequest("GET /nothing") + PlainRequest("GET /more")).status == 404);
  CHECK(client.ReceiveUntilEof().empty());
  CHECK(server.Dial().SendRequest(PlainRequest("GET /ws")).status == 426);
}

TEST_CASE("timeouts of zero are off for plain HTTP too") {
  ServerOptions options{.keep_alive = true, .answer_timeout = 0ms, .drain_timeout = 0ms};
  options.connection.handshake_timeout = 0ms;
  TestServer server(std::move(options), [](Server& prepared) {
    prepared.OnRequest([](const HttpRequest& request) -> HttpResponse { return {200, {}, request.target}; });
  });
  auto client = server.Dial();
  CHECK(client.SendRequest(PlainRequest("GET /first")).body == "/first");
  CHECK(client.SendRequest(PlainRequest("GET /second")).body == "/second");
}

TEST_CASE("clients that send no complete request are disconnected at the handshake deadline, while others connect") {
  TestServer server([](Handler) {}, {}, {.connection = {.handshake_timeout = 100ms}});
  auto silent = server.Dial();
  auto half = server.Dial();
  half.SendBytes("GET /ws HTTP/1.1\r\n");
  CHECK(server.Connect().Close().code == 1000);
  CHECK(silent.ReceiveUntilEof().empty());
  half.ReceiveUntilEof();
}

TEST_CASE("a server without free file descriptors waits without using CPU time, and then accepts again") {
  std::atomic<int> severe = 0;
  ServerOptions options{
      .log = [&](const ws::LogRecord& record) { severe += record.level == ws::LogLevel::Severe ? 1 : 0; }};
  TestServer server([](Handler) {}, {}, std::move(options));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  // Lowers the limit so that only one descriptor is free, which the client uses.
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

TEST_CASE("a server can be restarted on its port while other threads call Connections") {
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
