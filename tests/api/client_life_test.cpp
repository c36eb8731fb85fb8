// The end of a client: Stop and the destructor, on any thread and in any callback.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
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
using ws::test::FreePort;
using ws::test::ScriptedServer;
using ws::test::UrlOf;

namespace {

// A route whose `kick` event closes the connection with a code after which the client reconnects.
void Serve(Handler socket) {
  socket.On("kick", [](Handler& self) { self.Close(1012); });
}

// Captured by callbacks and log sinks, so that the number of their living copies can be counted.
using Captured = std::shared_ptr<int>;

// A thread-local object that sets a flag when its thread ends.
struct ThreadEndFlag {
  std::atomic<bool>* ended = nullptr;
  ~ThreadEndFlag() { *ended = true; }
};

}  // namespace

TEST_CASE("the destructor of a client releases every object that its callbacks and its log sink captured") {
  TestServer server(Serve);
  const bool started = GENERATE(false, true);
  const Captured captured = std::make_shared<int>();
  {
    Client client({.url = UrlOf(server->Port()), .connection = {.log = [captured](const ws::LogRecord&) {}}});
    std::promise<void> connected;
    client.On("connect", [captured, &connected] { connected.set_value(); });
    client.OnReconnecting([captured](const ws::Reconnecting&) {});
    if (started) {
      client.Start();
      Get(connected.get_future());
    }
  }
  // A thread of the client may not have ended yet.
  const auto deadline = std::chrono::steady_clock::now() + wait_timeout;
  while (captured.use_count() != 1 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(captured.use_count() == 1);
}

TEST_CASE("the destructor of a client waits for the end of its threads, so that none can outlive main") {
  TestServer server(Serve);
  const auto where = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  for (int round = 0; round < 300; ++round) {
    std::atomic<bool> ended = false;
    {
      Client client({.url = UrlOf(server->Port()), .connection = {.callback_thread = where}});
      std::promise<void> connected;
      client.On("connect", [&] {
        static thread_local ThreadEndFlag flag;
        flag.ended = &ended;
        connected.set_value();
      });
      client.Start();
      Get(connected.get_future());
    }
    REQUIRE(ended);
  }
}

TEST_CASE("a client may be stopped after its context has stopped running, and destroyed before or after the context") {
  TestServer server(Serve);
  const bool context_first = GENERATE(false, true);
  auto context = std::make_unique<asio::io_context>(1);
  auto client = std::make_unique<Client>(ClientOptions{.url = UrlOf(server->Port()), .io = context->get_executor()});
  std::promise<void> connected;
  client->On("connect", [&] { connected.set_value(); });
  client->Start();
  std::thread thread([&] { context->run(); });
  Get(connected.get_future());
  context->stop();
  thread.join();
  if (context_first) context.reset();
  client->Stop();
  client.reset();
}

TEST_CASE("Stop on the I/O thread returns before the connection has ended") {
  TestServer server(Serve);
  asio::io_context context(1);
  Client client({.url = UrlOf(server->Port()), .io = context.get_executor()});
  Recorder recorder;
  client.On("connect", [&] {
    asio::post(context, [&] {
      client.Stop();
      recorder.Add("stopped");
    });
  });
  client.On("disconnect", [&] { recorder.Add("disconnect"); });
  client.Start();
  context.run_for(wait_timeout);
  CHECK(recorder.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
}

TEST_CASE("a client may be destroyed in one of its own callbacks") {
  TestServer server(Serve);
  const std::string where = GENERATE(as<std::string>(), "connect", "reconnecting", "reply");
  const std::uint16_t port = where == "connect" ? server->Port() : FreePort();
  auto client = std::make_unique<Client>(ClientOptions{.url = UrlOf(port), .backoff_base = 1ms});
  std::promise<void> destroyed;
  Latch started;
  auto destroy = [&] {
    started.Wait();
    if (!client) return;
    client.reset();
    destroyed.set_value();
  };
  if (where == "connect") client->On("connect", destroy);
  if (where == "reconnecting") client->OnReconnecting([&](const ws::Reconnecting&) { destroy(); });
  if (where == "reply")
    client->Request(
        "x", nullptr, [&](const Reply&) { destroy(); }, 1ms);
  client->Start();
  started.Release();
  Get(destroyed.get_future());
}

TEST_CASE("Stop waits for the callbacks of requests that were made without a connection") {
  asio::thread_pool pool(2);
  std::atomic<int> begun = 0, ended = 0;
  {
    const bool started = GENERATE(false, true);
    const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
    Client client(
        {.url = UrlOf(FreePort()), .connection = {.executor = pool.get_executor(), .callback_thread = thread}});
    if (started) client.Start();
    client.Request("x", nullptr, [&](const Reply& reply) {
      CHECK(reply.error == Errc::Closed);
      ++begun;
      std::this_thread::yield();
      ++ended;
    });
    client.Stop();
    CHECK(begun == 1);
    CHECK(ended == 1);
  }
  pool.join();
}

TEST_CASE("Stop does not deadlock inside a callback of another client that runs on the same thread") {
  TestServer server(Serve);
  asio::thread_pool pool(1);
  std::promise<void> stopped;
  {
    const auto options = [&] {
      return ClientOptions{.url = UrlOf(server->Port()), .connection = {.executor = pool.get_executor()}};
    };
    Client first(options()), second(options());
    std::promise<void> connected;
    second.On("connect", [&] { connected.set_value(); });
    second.Start();
    Get(connected.get_future());
    first.On("connect", [&] {
      second.Stop();
      stopped.set_value();
    });
    first.Start();
    Get(stopped.get_future());
  }
  pool.join();
}

TEST_CASE("the destructor of an object in Handler::Data may use the client") {
  struct Caller {
    Client* client = nullptr;
    ~Caller() {
      if (client != nullptr) client->IsConnected();
    }
  };
  TestServer server(Serve);
  Client client({.url = UrlOf(server->Port()), .backoff_base = 1ms, .backoff_cap = 5ms});
  Recorder recorder;
  client.On("connect", [&](Handler& socket) {
    if (recorder.Size() == 0) socket.Data<Caller>().client = &client;
    recorder.Add("connect");
  });
  client.Start();
  recorder.WaitFor(1);
  CHECK_FALSE(client.Emit("kick"));
  recorder.WaitFor(2);
}

TEST_CASE("a client retries after an attempt with an oversized request has failed, and Stop still works") {
  ScriptedServer server([](std::string_view) { return std::string("HTTP/1.1 400 no\r\n\r\n"); });
  ClientOptions options{.url = UrlOf(server.Port()), .backoff_base = 1ms, .backoff_cap = 5ms};
  options.connection.subprotocols = {std::string(70'000, 'x')};
  options.connection.log = [](const ws::LogRecord&) {};
  Client client(std::move(options));
  Recorder recorder;
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    CHECK(next.error);
    recorder.Add("again");
  });
  client.Start();
  recorder.WaitFor(3);
  client.Stop();
}

TEST_CASE("a `connect` callback that is registered on an open connection is called once for it") {
  TestServer server(Serve);
  Client client({.url = UrlOf(server->Port()), .backoff_base = 1ms, .backoff_cap = 5ms});
  Recorder early, late;
  client.On("connect", [&] { early.Add("early"); });
  client.Start();
  early.WaitFor(1);
  client.On("connect", [&] { late.Add("late"); });
  late.WaitFor(1);
  CHECK_FALSE(client.Emit("kick"));
  late.WaitFor(2);
  early.WaitFor(2);
  client.Stop();
  CHECK(early.Size() == 2);
  CHECK(late.Size() == 2);
}

TEST_CASE("EmitAsync calls that wait for room without a connection complete once the connection is open") {
  constexpr int messages = 40;
  Recorder recorder;
  const std::uint16_t port = FreePort();
  Client client(
      {.url = UrlOf(port), .backoff_base = 1ms, .backoff_cap = 5ms, .connection = {.max_outbound_messages = 4}});
  client.Start();
  asio::thread_pool pool(1);
  std::vector<std::future<Error>> waits;
  for (int number = 0; number < messages; ++number)
    waits.push_back(asio::co_spawn(pool, client.EmitAsync("n", number), asio::use_future));
  ws::Server late({.port = port, .workers = 1});
  late.Route("/ws", [&](Handler socket) { socket.On("n", [&](const Json& data) { recorder.Add(data.dump()); }); });
  REQUIRE_FALSE(late.Start());
  for (auto& wait : waits) CHECK_FALSE(Get(std::move(wait)));
  CHECK(recorder.WaitFor(messages).size() == messages);
  client.Stop();
  pool.join();
}

TEST_CASE(
    "without a connection a full queue refuses new messages under every overflow policy, and keeps its messages") {
  Client client(
      {.url = UrlOf(FreePort()), .connection = {.max_outbound_messages = 3, .overflow = ws::Overflow::Close}});
  for (int number = 0; number < 3; ++number) CHECK_FALSE(client.Emit("n", number));
  CHECK(client.Emit("n", 3) == Errc::QueueFull);
  CHECK(client.Emit("n", 4) == Errc::QueueFull);
  CHECK(client.Stats().queued_messages == 3);
}

TEST_CASE("a broadcast on a client's connection goes to that connection alone") {
  std::promise<Json> heard;
  TestServer server([&](Handler socket) { socket.On("n", [&](const Json& data) { heard.set_value(data); }); });
  Client client({.url = UrlOf(server->Port())});
  client.On("connect", [](Handler& socket) { CHECK(socket.Broadcast("n", 7).queued == 1); });
  client.Start();
  CHECK(Get(heard.get_future()) == 7);
}

TEST_CASE("a client throws logic_error for options that allow a reconnect flood or header injection") {
  CHECK_THROWS_AS(Client({.url = "ws://a", .backoff_base = 0ms}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .backoff_cap = -1ms}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {"a\r\nX-Injected: yes"}}}),
                  std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {""}}}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {"a", "b", "a"}}}), std::logic_error);
}
