// The end of servers and connections while callbacks, coroutines and requests are active.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/coroutines.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Server;
using ws::ServerOptions;
using ws::test::WaitForeverAsync;

namespace {

ServerOptions OptionsWithoutLog(std::chrono::milliseconds drain_timeout) {
  return {.port = 0, .drain_timeout = drain_timeout, .log = [](const ws::LogRecord&) {}};
}

}  // namespace

TEST_CASE("several threads may call Stop at the same moment") {
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

TEST_CASE("every request that is made while the server ends calls its callback") {
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
      client.DropConnection();
    }
    stop = true;
    for (auto& thread : threads) thread.join();
    CHECK(asked == answered);
  }
}

TEST_CASE("coroutine callbacks that start after the end of the transport are cancelled too, one after the other") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("wait", [&]() -> asio::awaitable<void> {
    try {
      co_await WaitForeverAsync();
    } catch (const boost::system::system_error& error) {
      recorder.Add(error.code() == asio::error::operation_aborted ? "aborted" : "failed");
      throw;
    }
  });
  session.socket.On("wait", [&]() -> asio::awaitable<void> {
    recorder.Add("second");
    co_await WaitForeverAsync();
  });
  session.socket.On("disconnect", [&]() -> asio::awaitable<void> {
    co_await ws::test::SleepAsync(1ms);
    recorder.Add("disconnect");
  });
  session.Open();
  for (int count = 0; count < 3; ++count) session.peer.Send("wait");
  session.peer.DropConnection();
  CHECK(recorder.WaitFor(7) ==
        std::vector<std::string>{"aborted", "second", "aborted", "second", "aborted", "second", "disconnect"});
}

TEST_CASE("coroutine callbacks that do not return delay Stop by no more than drain_timeout") {
  Recorder recorder;
  TestServer server(
      [&](Handler socket) {
        socket.On("wait", [&]() -> asio::awaitable<void> {
          recorder.Add("begin");
          co_await WaitForeverAsync();
        });
        socket.On("disconnect", [&]() -> asio::awaitable<void> { co_await WaitForeverAsync(); });
      },
      {}, OptionsWithoutLog(50ms));
  auto client = server.Connect();
  for (int count = 0; count < 3; ++count) client.Send("wait");
  recorder.WaitFor(1);
  client.DropConnection();
  server->Stop();
  CHECK(server->Connections() == 0);
}

TEST_CASE("an OnDrain coroutine is cancelled when the connection ends, and disconnect runs after it") {
  Recorder recorder;
  Recorder log;
  Options options{.max_outbound_messages = 2};
  options.log = [&](const ws::LogRecord& record) { log.Add(std::string(record.text)); };
  MemorySession session(options);
  session.socket.OnDrain([&](Handler&) -> asio::awaitable<void> {
    recorder.Add("begin");
    try {
      co_await WaitForeverAsync();
    } catch (...) {
      recorder.Add("aborted");
    }
    throw std::runtime_error("goes to the log");
  });
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  session.BlockWrites(true);
  while (!session.socket.Emit("n")) continue;
  session.BlockWrites(false);
  recorder.WaitFor(1);
  session.peer.DropConnection();
  CHECK(recorder.WaitFor(3) == std::vector<std::string>{"begin", "aborted", "disconnect"});
  const auto told = log.Entries();
  CHECK(std::find(told.begin(), told.end(), "a callback threw") != told.end());
}

TEST_CASE("disconnect runs after the callbacks of the requests that failed because the connection ended") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  for (int count = 0; count < 5; ++count) session.socket.Request("x", nullptr, [&](Reply) { recorder.Add("reply"); });
  session.peer.DropConnection();
  CHECK(recorder.WaitFor(6).back() == "disconnect");
}

TEST_CASE("Stop inside a callback on an executor of the application returns before the drain is complete") {
  asio::thread_pool own(2);
  Recorder recorder;
  Server* stopped = nullptr;
  {
    TestServer server(OptionsWithoutLog(60s), [&](Server& prepared) {
      stopped = &prepared;
      prepared.Route("/ws", {.executor = own.get_executor()}, [&](Handler socket) {
        socket.On("stop", [&](Handler&) -> asio::awaitable<void> {
          stopped->Stop();
          recorder.Add("stopped");
          co_return;
        });
        socket.On("disconnect", [&] { recorder.Add("disconnect"); });
      });
    });
    auto client = server.Connect();
    client.Send("stop");
    CHECK(client.ReceiveClose().code == 1001);
    client.SendClose(1001);
    client.DropConnection();
    CHECK(recorder.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
  }
  own.join();
}

TEST_CASE("Stop waits for callbacks on an executor of the application") {
  asio::thread_pool own(2);
  Latch leave;
  Recorder recorder;
  {
    TestServer server(
        [&](Handler socket) {
          socket.On("block", [&] {
            recorder.Add("in");
            leave.Wait();
            recorder.Add("out");
          });
          socket.On("disconnect", [&] { recorder.Add("disconnect"); });
        },
        {.executor = own.get_executor()}, OptionsWithoutLog(20ms));
    auto client = server.Connect();
    client.Send("block");
    recorder.WaitFor(1);
    std::thread stopping([&] {
      server->Stop();
      recorder.Add("returned");
    });
    client.ReceiveClose();
    client.DropConnection();
    leave.Release();
    stopping.join();
  }
  CHECK(recorder.Entries() == std::vector<std::string>{"in", "out", "disconnect", "returned"});
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
    Handler socket(Options{.executor = pool->get_executor()});
    TestClient peer(ws::test::MakePipeChannel(pair.to_second, pair.to_first));
    auto init =
        asio::co_spawn(context, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()), asio::use_future);
    peer.ReceiveResponse();
    CHECK_FALSE(Get(std::move(init)));
    auto over = asio::co_spawn(waiting, socket.ClosedAsync(), asio::use_future);
    waiting.restart();
    waiting.poll();
    peer.DropConnection();
    waiting.restart();
    waiting.run();
    CHECK_FALSE(Get(std::move(over)));
    pool->join();
    pool.reset();
  }
  work.reset();
  thread.join();
}

TEST_CASE("Stop does not deadlock in the callback of a request that was made in disconnect") {
  asio::thread_pool own(2);  // the server does not recognize these threads as its own
  std::promise<void> returned;
  Server server(OptionsWithoutLog(200ms));
  server.Route("/ws", {.executor = own.get_executor()}, [&](Handler socket) {
    socket.On("disconnect", [&](Handler& self) {
      self.Request("x", nullptr, [&](const Reply&) {
        server.Stop();
        returned.set_value();
      });
    });
  });
  REQUIRE_FALSE(server.Start());
  {
    TestClient client(ws::test::DialTcp(server.Port()));
    client.Upgrade();
    client.Close();
  }
  Get(returned.get_future());
  own.join();
}
