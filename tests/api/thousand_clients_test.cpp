// A small version of rows 16 and 31 of the torture plan: a thousand clients in this process.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Client;
using ws::Server;

namespace {

// Returns 1000, or fewer if the descriptor limit is too low for both ends of so many connections.
std::size_t ClientCount() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(1000, (limit.rlim_cur - 100) / 2);
}

// Clients that share one I/O thread and one callback thread.
class Clients {
 public:
  Clients(std::size_t count, std::uint16_t port, const std::function<void(Client&, std::size_t)>& prepare) {
    for (std::size_t index = 0; index < count; ++index) {
      clients_.push_back(std::make_unique<Client>(
          ws::ClientOptions{.url = ws::test::UrlOf(port),
                            .backoff_base = 50ms,
                            .backoff_cap = 400ms,
                            .io = context_.get_executor(),
                            .connection = {.handshake_timeout = wait_timeout, .executor = pool_.get_executor()}}));
      prepare(*clients_.back(), index);
      clients_.back()->Start();
    }
  }
  ~Clients() {
    clients_.clear();
    work_.reset();
    thread_.join();
    pool_.join();
  }

  Client& operator[](std::size_t index) { return *clients_[index]; }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  asio::thread_pool pool_{1};
  std::vector<std::unique_ptr<Client>> clients_;
  std::thread thread_{[this] { context_.run(); }};
};

// A thread-safe counter that a test can wait for.
class Counter {
 public:
  void Add() { ++count_; }
  // Waits until the count is `expected`. Throws if that takes too long.
  void WaitFor(std::size_t expected) const {
    const auto deadline = std::chrono::steady_clock::now() + 4 * wait_timeout;
    while (count_ < expected) {
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("the count is only " + std::to_string(count_));
      std::this_thread::yield();
    }
    CHECK(count_ == expected);
  }

 private:
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace

TEST_CASE(
    "a thousand clients reconnect after their server restarts, and the messages that they queued meanwhile arrive") {
  const std::size_t client_count = ClientCount();
  Counter opened, back, said;
  std::optional<Server> server;
  const auto serve = [&](std::uint16_t port, Counter& counter) {
    server.emplace(ws::ServerOptions{.port = port, .workers = 1});
    server->Hub().On("connect", [&] { counter.Add(); });
    server->Hub().On("said", [&] { said.Add(); });
    server->Route("/ws", [](Handler) {});
    REQUIRE_FALSE(server->Start());
    return server->Port();
  };
  const std::uint16_t port = serve(0, opened);
  Counter lost;
  Clients clients(client_count, port,
                  [&](Client& client, std::size_t) { client.On("disconnect", [&] { lost.Add(); }); });
  opened.WaitFor(client_count);
  CHECK(server->Hub().Size() == client_count);
  server.reset();
  lost.WaitFor(client_count);
  for (std::size_t index = 0; index < client_count; ++index) CHECK_FALSE(clients[index].Emit("said"));
  serve(port, back);
  back.WaitFor(client_count);
  said.WaitFor(client_count);
}

TEST_CASE("broadcasts reach a thousand clients in order, although ten clients do not read") {
  constexpr std::size_t stalled = 10, messages = 30;
  const std::size_t readers = ClientCount() - stalled;
  Counter opened, heard;
  std::atomic<std::size_t> disordered = 0;
  // The timeouts are off, so that clients that do not read stay connected also on a slow machine.
  TestServer server(
      [](Handler) {},
      {.max_outbound_messages = 8, .overflow = ws::Overflow::DropOldest, .idle_timeout = 0ms, .write_timeout = 0ms});
  server->Hub().On("connect", [&] { opened.Add(); });
  std::vector<TestClient> idle;
  for (std::size_t index = 0; index < stalled; ++index) idle.push_back(server.Connect());
  {
    std::vector<std::size_t> next(readers);
    Clients clients(readers, server->Port(), [&](Client& client, std::size_t index) {
      client.On("news", [&, index](const Json& data) {
        if (data["number"] != next[index]++) ++disordered;
        heard.Add();
      });
    });
    opened.WaitFor(readers + stalled);
    const std::string text(8192, 'x');
    for (std::size_t number = 0; number < messages; ++number) {
      const ws::BroadcastResult result = server->Hub().Broadcast("news", {{"number", number}, {"text", text}});
      CHECK(result.queued == readers + stalled);
      heard.WaitFor((number + 1) * readers);
    }
    CHECK(disordered == 0);
  }
  for (auto& client : idle) client.DropConnection();
}
