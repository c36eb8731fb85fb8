// Cancellation of coroutine callbacks at the end of a connection.
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_fixture.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Order;
using ws::test::AsyncLatch;
using ws::test::ManualMailbox;
using Events = std::vector<std::string>;

TEST_CASE("Cancel ends running coroutines with operation_aborted, and disconnect follows") {
  ManualMailbox step;
  AsyncLatch door(step.context);
  int aborted = 0;
  const auto wait = [&]() -> awaitable<void> {
    try {
      co_await door.WaitAsync();
    } catch (const boost::system::system_error& error) {
      aborted += error.code() == asio::error::operation_aborted;
      throw;
    }
  };
  step.owner->On("concurrent", wait, Order::Concurrent);
  step.owner->On("slow", wait);
  step.Put({"concurrent", "slow", "disconnect"});
  step.Run();
  CHECK(step.owner->Answers().empty());
  step.mailbox->Cancel();
  step.Run();
  CHECK(aborted == 2);
  CHECK(step.owner->Thrown().empty());
  CHECK(step.owner->Answers().size() == 3);
  CHECK(step.owner->Answers().back() == "disconnect");
}

TEST_CASE("After a cancellation the other callbacks of the message and later messages still run") {
  ManualMailbox step;
  AsyncLatch door(step.context);
  Events log;
  step.owner->On("slow", [&]() -> awaitable<void> { co_await door.WaitAsync(); });
  step.owner->On("slow", [&] { log.push_back("plain"); });
  step.owner->On("slow", [&]() -> awaitable<void> {
    log.push_back("coroutine");
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    log.push_back("finished");
  });
  step.owner->On("next", [&]() -> awaitable<void> {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    log.push_back("next");
  });
  step.Put({"slow", "next"});
  step.Run();
  step.mailbox->Cancel();
  step.Run();
  CHECK(log == Events{"plain", "coroutine", "finished", "next"});
}

TEST_CASE("Cancel without a running coroutine has no effect") {
  ManualMailbox step;
  step.mailbox->Cancel();
  step.Put({"a"});
  step.mailbox->Cancel();
  step.Run();
  CHECK(step.owner->Answers() == Events{"a"});
}

TEST_CASE("A coroutine of disconnect is cancelled only by a second Cancel, whether sequential or concurrent") {
  const Order order = GENERATE(Order::Sequential, Order::Concurrent);
  const bool twice = GENERATE(false, true);
  ManualMailbox step;
  AsyncLatch door(step.context);
  Events log;
  const auto wait = [&]() -> awaitable<void> {
    try {
      co_await door.WaitAsync();
      log.push_back("passed");
    } catch (const boost::system::system_error&) {
      log.push_back("aborted");
    }
  };
  step.owner->On("disconnect", wait, order);
  step.mailbox->Cancel();
  step.Put({"disconnect"});
  step.Run();
  if (twice) step.mailbox->Cancel();
  step.Run();
  door.Release();
  step.Run();
  CHECK(log == Events{twice ? "aborted" : "passed"});
  CHECK(step.owner->Answers() == Events{"disconnect"});
}
