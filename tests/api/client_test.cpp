// A client that connects and reconnects.
#include "ws/client.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/free_port.hpp"
#include "support/prelude.hpp"
#include "support/scripted_server.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Client;
using ws::ClientOptions;
using ws::Server;
using ws::test::FreePort;
using ws::test::ScriptedServer;
using ws::test::UrlOf;

namespace {

// Options for a client that reconnects almost at once.
ClientOptions FastReconnect(std::uint16_t port) {
  return {.url = UrlOf(port), .backoff_base = 5ms, .backoff_cap = 20ms};
}

// Adds a route whose `echo` event replies with its data.
void ServeEcho(Server& server) {
  server.Route("/ws", [](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
}

}  // namespace

TEST_CASE("a client connects, sends and receives, and stops with a close handshake") {
  Recorder recorder;
  std::promise<CloseReason> ended;
  TestServer server([&](Handler socket) {
    socket.On("echo", [](Handler& self, const Json& data) {
      self.Emit("heard", data);
      return data;
    });
    socket.OnTyped("disconnect", [&](const CloseReason& reason) { ended.set_value(reason); });
  });
  Client client({.url = UrlOf(server->Port())});
  client.On("connect", [&] { recorder.Add("connect"); });
  client.On("heard", [&](const Json& data) { recorder.Add("heard " + data.dump()); });
  client.On("disconnect", [&](const Json& reason) { recorder.Add("disconnect " + std::string(reason["reason"])); });
  client.Start();
  CHECK(Get(RequestFuture(client, "echo", 7)).data == 7);
  CHECK(client.IsConnected());
  const std::string large(300'000, 'x');
  CHECK(Get(RequestFuture(client, "echo", large)).data == large);
  client.Stop(4001, "done");
  const CloseReason reason = Get(ended.get_future());
  CHECK(reason.code == 4001);
  CHECK(reason.text == "done");
  CHECK(recorder.Entries() ==
        std::vector<std::string>{"connect", "heard 7", "heard \"" + large + "\"", "disconnect local_close"});
  CHECK(client.Emit("echo") == Errc::Closed);
  CHECK(Get(RequestFuture(client, "echo")).error == Errc::Closed);
  CHECK_THROWS_AS(client.Start(), std::logic_error);
}

TEST_CASE("a client answers the server's requests, and can await the replies to its own") {
  std::promise<Json> answered;
  TestServer server([&](Handler socket) {
    socket.On("connect", [&](Handler& self) {
      self.Request("who", nullptr, [&](Reply reply) { answered.set_value(reply.data); });
    });
    socket.On("echo", [](const Json& data) { return data; });
  });
  asio::io_context context(1);
  Client client(FastReconnect(server->Port()));
  client.On("who", [] { return "me"; });
  client.Start();
  CHECK(Get(answered.get_future()) == "me");
  auto reply = asio::co_spawn(context, client.RequestAsync("echo", 3), asio::use_future);
  std::thread thread([&] { context.run(); });
  CHECK(Get(std::move(reply)).data == 3);
  thread.join();
}

TEST_CASE("the server sees the client's headers and target, and the client sees the chosen subprotocol") {
  std::promise<HttpRequest> seen;
  TestServer server([&](Handler socket) { seen.set_value(socket.Handshake()); }, {.subprotocols = {"b", "a"}});
  Client client({.url = UrlOf(server->Port()) + "?x=1",
                 .headers = {{"Authorization", "Bearer t"}},
                 .connection = {.subprotocols = {"a", "b"}}});
  std::promise<std::string> chosen;
  client.On("connect", [&](Handler& socket) { chosen.set_value(socket.Subprotocol()); });
  client.Start();
  const HttpRequest request = Get(seen.get_future());
  CHECK(request.target == "/ws?x=1");
  CHECK(request.Header("Authorization") == "Bearer t");
  CHECK(Get(chosen.get_future()) == "b");
}

TEST_CASE("a client reads compressed messages if permessage-deflate was negotiated") {
  TestServer server([](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); },
                    {.deflate = true});
  Client client({.url = UrlOf(server->Port()), .connection = {.deflate = true}});
  client.Start();
  const std::string text(100'000, 'x');
  CHECK(Get(RequestFuture(client, "echo", text)).data == text);
}

TEST_CASE(
    "messages emitted without a connection are sent in order before newer ones, and volatile messages are refused") {
  Recorder recorder;
  const std::uint16_t port = FreePort();
  Client client(FastReconnect(port));
  std::atomic<int> attempts = 0;
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    CHECK(next.error);
    CHECK(next.delay <= 20ms);
    attempts = static_cast<int>(next.attempt);
  });
  client.On("connect", [](Handler& socket) { socket.Emit("n", "new"); });
  client.Start();
  for (int number = 0; number < 10; ++number) CHECK_FALSE(client.Emit("n", number));
  CHECK(client.EmitVolatile("n", "volatile") == Errc::Closed);
  auto reply = RequestFuture(client, "echo", "asked");
  while (attempts < 3) std::this_thread::yield();
  Server server({.port = port, .workers = 1});
  server.Route("/ws", [&](Handler socket) {
    socket.On("n", [&](const Json& data) { recorder.Add(data.dump()); });
    socket.On("echo", [](const Json& data) { return data; });
  });
  REQUIRE_FALSE(server.Start());
  CHECK(Get(std::move(reply)).data == "asked");
  CHECK(recorder.WaitFor(11) == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\"new\""});
  client.Stop();
}

TEST_CASE("the queue of a client without a connection is bounded") {
  Client client({.url = UrlOf(FreePort()), .connection = {.max_outbound_messages = 3}});
  for (int number = 0; number < 3; ++number) CHECK_FALSE(client.Emit("n", number));
  CHECK(client.Emit("n", 3) == Errc::QueueFull);
}

TEST_CASE("a request that was made without a connection fails at its deadline") {
  for (const bool started : {false, true}) {
    Client client(FastReconnect(FreePort()));
    if (started) client.Start();
    auto reply = RequestFuture(client, "x", nullptr, 30ms);
    if (!started) client.Start();
    CHECK(Get(std::move(reply)).error == Errc::TimedOut);
  }
}

TEST_CASE("a client reconnects after the connection is lost, and disconnect comes before the next connect") {
  Recorder recorder;
  std::optional<Server> server(std::in_place, ws::ServerOptions{.port = 0, .workers = 1});
  ServeEcho(*server);
  REQUIRE_FALSE(server->Start());
  const std::uint16_t port = server->Port();
  Client client(FastReconnect(port));
  client.On("connect", [&] { recorder.Add("connect"); });
  client.OnTyped("disconnect", [&](const CloseReason& reason) { recorder.Add(std::to_string(reason.code)); });
  client.Start();
  CHECK(Get(RequestFuture(client, "echo", 1)).data == 1);
  for (int round = 0; round < 2; ++round) {
    server.emplace(ws::ServerOptions{.port = port, .workers = 1});
    ServeEcho(*server);
    REQUIRE_FALSE(server->Start());
    CHECK(Get(RequestFuture(client, "echo", 2)).data == 2);
  }
  CHECK(recorder.Entries() == std::vector<std::string>{"connect", "1001", "connect", "1001", "connect"});
}

TEST_CASE("open requests fail as soon as the connection is lost") {
  TestServer server([](Handler socket) {
    socket.On("hang", [](Handler& self) {
      self.Close(1012);
      return Json();
    });
  });
  Client client(FastReconnect(server->Port()));
  client.Start();
  CHECK(Get(RequestFuture(client, "hang", nullptr, 60s)).error == Errc::Closed);
}

TEST_CASE("a client does not reconnect after a final close code") {
  const auto code = GENERATE(as<std::uint16_t>(), 1000, 1008, 3000, 3003);
  std::atomic<int> opened = 0;
  TestServer server([&](Handler socket) {
    ++opened;
    socket.On("connect", [code](Handler& self) { self.Close(code); });
  });
  std::promise<std::uint16_t> ended;
  Client client(FastReconnect(server->Port()));
  client.OnReconnecting([](const ws::Reconnecting&) { FAIL_CHECK("the client tries to reconnect"); });
  client.OnTyped("disconnect", [&](const CloseReason& reason) { ended.set_value(reason.code); });
  client.Start();
  CHECK(Get(ended.get_future()) == code);
  while (client.Emit("x") != Errc::Closed) std::this_thread::yield();
  CHECK(opened == 1);
}

TEST_CASE("Stop returns in time before Start, while the name is resolved, during the handshake, and between attempts") {
  ScriptedServer silent([](std::string_view) { return std::string(); });
  const std::string phase = GENERATE(as<std::string>(), "never started", "handshake", "waiting", "resolving");
  ClientOptions options{.url = UrlOf(silent.Port())};
  if (phase == "waiting") options.url = UrlOf(FreePort());
  if (phase == "resolving") options.url = "ws://no-such-host.invalid/";
  Client client(std::move(options));
  std::promise<void> waiting;
  client.OnReconnecting([&, told = false](const ws::Reconnecting&) mutable {
    if (!std::exchange(told, true)) waiting.set_value();
  });
  auto reply = RequestFuture(client, "x");
  if (phase != "never started") client.Start();
  if (phase == "waiting") Get(waiting.get_future());
  client.Stop();
  CHECK(Get(std::move(reply)).error == Errc::Closed);
}

TEST_CASE("Stop inside a callback returns before the connection has ended") {
  TestServer server([](Handler) {});
  Recorder recorder;
  Client client(FastReconnect(server->Port()));
  client.On("connect", [&] {
    client.Stop();
    recorder.Add("stopped");
  });
  client.On("disconnect", [&] { recorder.Add("disconnect"); });
  client.Start();
  CHECK(recorder.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
  client.Stop();
}

TEST_CASE("many clients can share a context and a pool") {
  TestServer server([](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); });
  asio::io_context context(1);
  auto work = asio::make_work_guard(context);
  std::thread thread([&] { context.run(); });
  asio::thread_pool pool(1);
  {
    std::vector<std::unique_ptr<Client>> clients;
    for (int number = 0; number < 50; ++number) {
      ClientOptions options = FastReconnect(server->Port());
      options.io = context.get_executor();
      options.connection.executor = pool.get_executor();
      clients.push_back(std::make_unique<Client>(std::move(options)));
      clients.back()->Start();
    }
    std::vector<std::future<Reply>> replies;
    for (int number = 0; number < 50; ++number)
      replies.push_back(RequestFuture(*clients[static_cast<std::size_t>(number)], "echo", number));
    for (int number = 0; number < 50; ++number)
      CHECK(Get(std::move(replies[static_cast<std::size_t>(number)])).data == number);
  }
  work.reset();
  thread.join();
  pool.join();
}

TEST_CASE("a client throws logic_error for invalid options") {
  CHECK_THROWS_AS(Client({.url = "http://a"}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .headers = {{"Host", "b"}}}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.max_outbound_bytes = 0}}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "wss://a", .ca_file = "/no/such/file"}), std::logic_error);
}
