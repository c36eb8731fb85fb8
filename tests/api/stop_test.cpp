// The end of a server against everything that may run then.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Handler;
using ws::Reply;
using ws::Server;
using ws::ServerOptions;
using ws::test::Door;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;
using ws::test::TestServer;

namespace {

// Until it is cancelled.
asio::awaitable<void> Forever() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

ServerOptions Quiet(std::chrono::milliseconds drain_timeout) {
  return {.port = 0, .drain_timeout = drain_timeout, .log = [](const ws::LogRecord&) {}};
}

}  // namespace

TEST_CASE("Stop from many threads at the same moment stops once") {
  for (int round = 0; round < 200; ++round) {
    Server server({.port = 0, .workers = 1});
    server.Route("/ws", [](Handler) {});
    REQUIRE_FALSE(server.Start());
    std::atomic<int> ready = 0;
    std::vector<std::thread> threads;
    for (int count = 0; count < 3; ++count) {
      threads.emplace_back([&] {
        ++ready;
        while (ready != 3) std::this_thread::yield();
        server.Stop();
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(server.Port() == 0);
  }
}

TEST_CASE("requests against the end of their server are all answered") {
  for (int round = 0; round < 50; ++round) {
    std::promise<Handler> opened;
    std::atomic<bool> stop = false;
    std::atomic<long> asked = 0, answered = 0;
    std::vector<std::thread> threads;
    {
      TestServer server([&](Handler socket) { opened.set_value(socket); }, {}, {.workers = 1});
      auto client = server.Connect();
      Handler socket = Get(opened.get_future());
      for (int count = 0; count < 3; ++count) {
        threads.emplace_back([&, socket]() mutable {
          while (!stop) {
            ++asked;
            socket.Request("x", nullptr, [&](Reply) { ++answered; });
          }
        });
      }
      client.Cut();
    }
    stop = true;
    for (auto& thread : threads) thread.join();
    CHECK(asked == answered);
  }
}

TEST_CASE("coroutine callbacks that begin after the transport's end are cancelled too, each in its turn") {
  Journal journal;
  MemorySession session;
  session.socket.On("wait", [&]() -> asio::awaitable<void> {
    try {
      co_await Forever();
    } catch (const boost::system::system_error& error) {
      journal.Add(error.code() == asio::error::operation_aborted ? "aborted" : "failed");
      throw;
    }
  });
  session.socket.On("wait", [&]() -> asio::awaitable<void> {
    journal.Add("second");
    co_await Forever();
  });
  session.socket.On("disconnect", [&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    journal.Add("disconnect");
  });
  session.Open();
  for (int count = 0; count < 3; ++count) session.peer.Send("wait");
  session.peer.Cut();
  CHECK(journal.WaitFor(7) ==
        std::vector<std::string>{"aborted", "second", "aborted", "second", "aborted", "second", "disconnect"});
}

TEST_CASE("coroutines hold neither Stop nor the end longer than drain_timeout") {
  Journal journal;
  TestServer server(
      [&](Handler socket) {
        socket.On("wait", [&]() -> asio::awaitable<void> {
          journal.Add("begin");
          co_await Forever();
        });
        socket.On("disconnect", [&]() -> asio::awaitable<void> { co_await Forever(); });
      },
      {}, Quiet(50ms));
  auto client = server.Connect();
  for (int count = 0; count < 3; ++count) client.Send("wait");
  journal.WaitFor(1);
  client.Cut();
  server->Stop();
  CHECK(server->Connections() == 0);
}

TEST_CASE("a coroutine of OnDrain is cancelled at the end, and disconnect comes behind it") {
  Journal journal;
  Journal log;
  ws::Options options{.max_outbound_messages = 2};
  options.log = [&](const ws::LogRecord& record) { log.Add(std::string(record.text)); };
  MemorySession session(options);
  session.socket.OnDrain([&](Handler&) -> asio::awaitable<void> {
    journal.Add("begin");
    try {
      co_await Forever();
    } catch (...) {
      journal.Add("aborted");
    }
    throw std::runtime_error("told to the log");
  });
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  session.BlockWrites(true);
  while (!session.socket.Emit("n")) continue;
  session.BlockWrites(false);
  journal.WaitFor(1);
  session.peer.Cut();
  CHECK(journal.WaitFor(3) == std::vector<std::string>{"begin", "aborted", "disconnect"});
  const auto told = log.Entries();
  CHECK(std::find(told.begin(), told.end(), "a callback threw") != told.end());
}

TEST_CASE("disconnect comes behind the callbacks of the requests that its end failed") {
  Journal journal;
  MemorySession session;
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  for (int count = 0; count < 5; ++count) session.socket.Request("x", nullptr, [&](Reply) { journal.Add("reply"); });
  session.peer.Cut();
  CHECK(journal.WaitFor(6).back() == "disconnect");
}

TEST_CASE("Stop inside a callback on an executor of the application's own only begins the drain") {
  asio::thread_pool own(2);
  Journal journal;
  Server* stopped = nullptr;
  {
    TestServer server(Quiet(60s), [&](Server& one) {
      stopped = &one;
      one.Route("/ws", {.executor = own.get_executor()}, [&](Handler socket) {
        socket.On("stop", [&](Handler&) -> asio::awaitable<void> {
          stopped->Stop();
          journal.Add("stopped");
          co_return;
        });
        socket.On("disconnect", [&] { journal.Add("disconnect"); });
      });
    });
    auto client = server.Connect();
    client.Send("stop");
    CHECK(client.ReceiveClose().code == 1001);
    client.SendClose(1001);
    client.Cut();
    CHECK(journal.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
  }
  own.join();
}

TEST_CASE("Stop waits for callbacks on an executor of the application's own") {
  asio::thread_pool own(2);
  Door leave;
  Journal journal;
  {
    TestServer server(
        [&](Handler socket) {
          socket.On("block", [&] {
            journal.Add("in");
            leave.Pass();
            journal.Add("out");
          });
          socket.On("disconnect", [&] { journal.Add("disconnect"); });
        },
        {.executor = own.get_executor()}, Quiet(20ms));
    auto client = server.Connect();
    client.Send("block");
    journal.WaitFor(1);
    std::thread stopping([&] {
      server->Stop();
      journal.Add("returned");
    });
    client.ReceiveClose();
    client.Cut();
    leave.Open();
    stopping.join();
  }
  CHECK(journal.Entries() == std::vector<std::string>{"in", "out", "disconnect", "returned"});
  own.join();
}

TEST_CASE("a pool may be destroyed as soon as ClosedAsync has completed") {
  asio::io_context context(1);
  auto work = asio::make_work_guard(context);
  std::thread thread([&] { context.run(); });
  asio::io_context waiting(1);
  for (int round = 0; round < 300; ++round) {
    auto pool = std::make_unique<asio::thread_pool>(1);
    ws::test::MemoryPair pair(context.get_executor());
    Handler socket(ws::Options{.executor = pool->get_executor()});
    ws::test::TestClient peer(ws::test::OverPipes(pair.to_second, pair.to_first));
    auto init =
        asio::co_spawn(context, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()), asio::use_future);
    peer.ReadAnswer();
    CHECK_FALSE(Get(std::move(init)));
    auto over = asio::co_spawn(waiting, socket.ClosedAsync(), asio::use_future);
    waiting.restart();
    waiting.poll();
    peer.Cut();
    waiting.restart();
    waiting.run();
    CHECK_FALSE(Get(std::move(over)));
    pool->join();
    pool.reset();
  }
  work.reset();
  thread.join();
}

TEST_CASE("Stop in the callback of a request that `disconnect` made does not wait for itself") {
  asio::thread_pool own(2);  // not the server's own threads, which it would know
  std::promise<void> returned;
  Server server(Quiet(200ms));
  server.Route("/ws", {.executor = own.get_executor()}, [&](Handler socket) {
    socket.On("disconnect", [&](Handler& peer) {
      peer.Request("x", nullptr, [&](const Reply&) {
        server.Stop();
        returned.set_value();
      });
    });
  });
  REQUIRE_FALSE(server.Start());
  {
    ws::test::TestClient client(ws::test::DialTcp(server.Port()));
    client.Upgrade();
    client.Close();
  }
  Get(returned.get_future());
  own.join();
}
