// How clients end, whoever ends them and wherever.
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

#include "support/catch.hpp"
#include "support/free_port.hpp"
#include "support/hostile_server.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Client;
using ws::ClientOptions;
using ws::Handler;
using ws::Json;
using ws::Reply;
using ws::test::FreePort;
using ws::test::Get;
using ws::test::HostileServer;
using ws::test::Journal;
using ws::test::TestServer;
using ws::test::UrlOf;

namespace {

// Connections that are closed by `kick` with a code after which a client comes back.
void Serve(Handler socket) {
  socket.On("kick", [](Handler& peer) { peer.Close(1012); });
}

// Counts its copies, as what a callback or a sink captures.
using Captured = std::shared_ptr<int>;

// Tells when the thread that has it is at its end.
struct Last {
  std::atomic<bool>* ended = nullptr;
  ~Last() { *ended = true; }
};

}  // namespace

TEST_CASE("a client that is gone leaves nothing behind") {
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
  // The last thread may still be on its way out.
  const auto deadline = std::chrono::steady_clock::now() + ws::test::patience;
  while (captured.use_count() != 1 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(captured.use_count() == 1);
}

TEST_CASE("a client that is gone has no thread left, which would outlive main") {
  TestServer server(Serve);
  const auto where = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  for (int round = 0; round < 300; ++round) {
    std::atomic<bool> ended = false;
    {
      Client client({.url = UrlOf(server->Port()), .connection = {.callback_thread = where}});
      std::promise<void> connected;
      client.On("connect", [&] {
        static thread_local Last last;
        last.ended = &ended;
        connected.set_value();
      });
      client.Start();
      Get(connected.get_future());
    }
    REQUIRE(ended);
  }
}

TEST_CASE("a client may outlive its context's run, and go before or after the context") {
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

TEST_CASE("Stop on the I/O thread only begins the end") {
  TestServer server(Serve);
  asio::io_context context(1);
  Client client({.url = UrlOf(server->Port()), .io = context.get_executor()});
  Journal journal;
  client.On("connect", [&] {
    asio::post(context, [&] {
      client.Stop();
      journal.Add("stopped");
    });
  });
  client.On("disconnect", [&] { journal.Add("disconnect"); });
  client.Start();
  context.run_for(ws::test::patience);
  CHECK(journal.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
}

TEST_CASE("a client may be destroyed in its own callback") {
  TestServer server(Serve);
  const std::string where = GENERATE(as<std::string>(), "connect", "reconnecting", "reply");
  const std::uint16_t port = where == "connect" ? server->Port() : FreePort();
  auto client = std::make_unique<Client>(ClientOptions{.url = UrlOf(port), .backoff_base = 1ms});
  std::promise<void> destroyed;
  ws::test::Door started;
  auto destroy = [&] {
    started.Pass();
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
  started.Open();
  Get(destroyed.get_future());
}

TEST_CASE("Stop waits for the callbacks of requests that were made while away") {
  asio::thread_pool pool(2);
  std::atomic<int> begun = 0, ended = 0;
  {
    const bool started = GENERATE(false, true);
    const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
    Client client(
        {.url = UrlOf(FreePort()), .connection = {.executor = pool.get_executor(), .callback_thread = thread}});
    if (started) client.Start();
    client.Request("x", nullptr, [&](const Reply& reply) {
      CHECK(reply.error == ws::Errc::Closed);
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

TEST_CASE("a client's Stop inside a callback of another's on the same thread waits for nothing") {
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

TEST_CASE("what a connection holds of the application's may use the client when it goes") {
  struct Caller {
    Client* client = nullptr;
    ~Caller() {
      if (client != nullptr) client->IsConnected();
    }
  };
  TestServer server(Serve);
  Client client({.url = UrlOf(server->Port()), .backoff_base = 1ms, .backoff_cap = 5ms});
  Journal journal;
  client.On("connect", [&](Handler& peer) {
    if (journal.Size() == 0) peer.Data<Caller>().client = &client;
    journal.Add("connect");
  });
  client.Start();
  journal.WaitFor(1);
  CHECK_FALSE(client.Emit("kick"));
  journal.WaitFor(2);
}

TEST_CASE("an attempt that fails in a way of its own is tried again, and Stop still stops") {
  HostileServer server([](std::string_view) { return std::string("HTTP/1.1 400 no\r\n\r\n"); });
  ClientOptions options{.url = UrlOf(server.Port()), .backoff_base = 1ms, .backoff_cap = 5ms};
  options.connection.subprotocols = {std::string(70'000, 'x')};
  options.connection.log = [](const ws::LogRecord&) {};
  Client client(std::move(options));
  Journal journal;
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    CHECK(next.error);
    journal.Add("again");
  });
  client.Start();
  journal.WaitFor(3);
  client.Stop();
}

TEST_CASE("a late `connect` is told of the open connection, once") {
  TestServer server(Serve);
  Client client({.url = UrlOf(server->Port()), .backoff_base = 1ms, .backoff_cap = 5ms});
  Journal early, late;
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

TEST_CASE("who waits for room while away goes on when the connection is there") {
  constexpr int messages = 40;
  Journal journal;
  const std::uint16_t port = FreePort();
  Client client(
      {.url = UrlOf(port), .backoff_base = 1ms, .backoff_cap = 5ms, .connection = {.max_outbound_messages = 4}});
  client.Start();
  asio::thread_pool pool(1);
  std::vector<std::future<ws::Error>> waits;
  for (int number = 0; number < messages; ++number)
    waits.push_back(asio::co_spawn(pool, client.EmitAsync("n", number), asio::use_future));
  ws::Server late({.port = port, .workers = 1});
  late.Route("/ws", [&](Handler socket) { socket.On("n", [&](const Json& data) { journal.Add(data.dump()); }); });
  REQUIRE_FALSE(late.Start());
  for (auto& wait : waits) CHECK_FALSE(Get(std::move(wait)));
  CHECK(journal.WaitFor(messages).size() == messages);
  client.Stop();
  pool.join();
}

TEST_CASE("whatever the policy, a message that finds no room while away is refused, and those before it stay") {
  Client client(
      {.url = UrlOf(FreePort()), .connection = {.max_outbound_messages = 3, .overflow = ws::Overflow::Close}});
  for (int number = 0; number < 3; ++number) CHECK_FALSE(client.Emit("n", number));
  CHECK(client.Emit("n", 3) == ws::Errc::QueueFull);
  CHECK(client.Emit("n", 4) == ws::Errc::QueueFull);
  CHECK(client.Stats().queued_messages == 3);
}

TEST_CASE("a connection of a client broadcasts to itself") {
  std::promise<Json> heard;
  TestServer server([&](Handler socket) { socket.On("n", [&](const Json& data) { heard.set_value(data); }); });
  Client client({.url = UrlOf(server->Port())});
  client.On("connect", [](Handler& peer) { CHECK(peer.Broadcast("n", 7).queued == 1); });
  client.Start();
  CHECK(Get(heard.get_future()) == 7);
}

TEST_CASE("options that would flood or inject are logic errors") {
  CHECK_THROWS_AS(Client({.url = "ws://a", .backoff_base = 0ms}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .backoff_cap = -1ms}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {"a\r\nX-Injected: yes"}}}),
                  std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {""}}}), std::logic_error);
  CHECK_THROWS_AS(Client({.url = "ws://a", .connection = {.subprotocols = {"a", "b", "a"}}}), std::logic_error);
}
