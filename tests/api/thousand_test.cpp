// Rows 16 and 31 of the torture plan in small: a thousand clients in this process.
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

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Client;
using ws::Handler;
using ws::Json;
using ws::Server;
using ws::test::TestServer;

namespace {

// A thousand, fewer where descriptors do not suffice for both ends.
std::size_t Crowd() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(1000, (limit.rlim_cur - 100) / 2);
}

// Clients that share a thread for their I/O and one for their callbacks.
class Clients {
 public:
  Clients(std::size_t count, std::uint16_t port, const std::function<void(Client&, std::size_t)>& prepare) {
    for (std::size_t index = 0; index < count; ++index) {
      clients_.push_back(std::make_unique<Client>(ws::ClientOptions{
          .url = ws::test::UrlOf(port),
          .backoff_base = 50ms,
          .backoff_cap = 400ms,
          .io = context_.get_executor(),
          .connection = {.handshake_timeout = ws::test::patience, .executor = pool_.get_executor()}}));
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

// A counter that a test can wait for.
class Count {
 public:
  void Add() { ++count_; }
  void WaitFor(std::size_t wanted) const {
    const auto deadline = std::chrono::steady_clock::now() + 4 * ws::test::patience;
    while (count_ < wanted) {
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error(std::to_string(count_) + " only");
      std::this_thread::yield();
    }
    CHECK(count_ == wanted);
  }

 private:
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace

TEST_CASE("a thousand clients come back when their server does, and what they said while away arrives") {
  const std::size_t crowd = Crowd();
  Count opened, back, said;
  std::optional<Server> server;
  const auto serve = [&](std::uint16_t port, Count& count) {
    server.emplace(ws::ServerOptions{.port = port, .workers = 1});
    server->Hub().On("connect", [&] { count.Add(); });
    server->Hub().On("said", [&] { said.Add(); });
    server->Route("/ws", [](Handler) {});
    REQUIRE_FALSE(server->Start());
    return server->Port();
  };
  const std::uint16_t port = serve(0, opened);
  Count lost;
  Clients clients(crowd, port, [&](Client& client, std::size_t) { client.On("disconnect", [&] { lost.Add(); }); });
  opened.WaitFor(crowd);
  CHECK(server->Hub().Size() == crowd);
  server.reset();
  lost.WaitFor(crowd);
  for (std::size_t index = 0; index < crowd; ++index) CHECK_FALSE(clients[index].Emit("said"));
  serve(port, back);
  back.WaitFor(crowd);
  said.WaitFor(crowd);
}

TEST_CASE("a broadcast reaches a thousand in order, though ten of them do not read") {
  constexpr std::size_t stalled = 10, messages = 30;
  const std::size_t readers = Crowd() - stalled;
  Count opened, heard;
  std::atomic<std::size_t> disordered = 0;
  // No clock ends those who do not read, however long a slow machine takes.
  TestServer server(
      [](Handler) {},
      {.max_outbound_messages = 8, .overflow = ws::Overflow::DropOldest, .idle_timeout = 0ms, .write_timeout = 0ms});
  server->Hub().On("connect", [&] { opened.Add(); });
  std::vector<ws::test::TestClient> idle;
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
  for (auto& client : idle) client.Cut();
}
