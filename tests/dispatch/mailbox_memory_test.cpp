// A mailbox if memory runs out, or if a coroutine callback is destroyed before its end.
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_fixture.hpp"
#include "ws/detail/dispatch/mailbox.hpp"

using ws::test::ManualMailbox;
using Events = std::vector<std::string>;

namespace {

// Awaits an operation that destroys its handler, as an operation of a context does when the context is destroyed.
boost::asio::awaitable<void> AwaitDestroyedOperation() {
  const auto drop = [](auto) {};
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(drop, boost::asio::use_awaitable);
}

void RunAll(ManualMailbox& mailbox) {
  while (mailbox.Run() != 0) continue;
}

}  // namespace

TEST_CASE("A concurrent function is not copied") {
  struct Reply {
    explicit Reply(int& copied) : copies(&copied) {}
    Reply(const Reply& other) : copies(other.copies) { ++*copies; }
    Reply(Reply&&) = default;
    void operator()() const {}

    int* copies;
  };
  ManualMailbox mailbox;
  int copies = 0;
  std::function<void()> work{Reply(copies)};
  mailbox.mailbox->RunConcurrently(std::move(work));
  CHECK(mailbox.Run() == 1);
  CHECK(copies == 0);
}

TEST_CASE("If memory runs out for a message, the owner is told, and the next messages are handled") {
  ManualMailbox mailbox;
  SECTION("a plain callback") {
    mailbox.owner->On("event", [] {});
  }
  SECTION("a coroutine") {
    mailbox.owner->On("event", []() -> boost::asio::awaitable<void> { co_return; });
  }
  mailbox.owner->no_memory = true;
  mailbox.Put({"event", "event", "disconnect"});
  RunAll(mailbox);
  CHECK(mailbox.owner->failures == 1);
  CHECK(mailbox.owner->Answers() == Events{"event", "disconnect"});
}

TEST_CASE("If memory runs out for `disconnect`, the connection still finishes") {
  ManualMailbox mailbox;
  mailbox.owner->no_memory = true;
  mailbox.Put({"disconnect"});
  RunAll(mailbox);
  CHECK(mailbox.owner->failures == 1);
  CHECK(mailbox.owner->Answers() == Events{"disconnect"});
}

TEST_CASE("If a coroutine callback is destroyed, the owner is told, and the next messages are handled in order") {
  ManualMailbox mailbox;
  ws::test::AsyncLatch latch{mailbox.context};
  Events log;
  mailbox.owner->On("destroyed", []() -> boost::asio::awaitable<void> { co_await AwaitDestroyedOperation(); });
  mailbox.owner->On("a", [&]() -> boost::asio::awaitable<void> {
    log.push_back("a begins");
    co_await latch.WaitAsync();
    log.push_back("a ends");
  });
  mailbox.owner->On("b", [&] { log.push_back("b"); });
  mailbox.Put({"destroyed", "a", "b"});
  RunAll(mailbox);
  CHECK(mailbox.owner->failures == 1);
  CHECK(log == Events{"a begins"});
  CHECK_FALSE(mailbox.mailbox->IsIdle());
  latch.Release();
  RunAll(mailbox);
  CHECK(log == Events{"a begins", "a ends", "b"});
}

TEST_CASE("If the coroutine of `disconnect` is destroyed, the connection still finishes") {
  ManualMailbox mailbox;
  mailbox.owner->On("disconnect", []() -> boost::asio::awaitable<void> { co_await AwaitDestroyedOperation(); });
  mailbox.Put({"disconnect"});
  RunAll(mailbox);
  CHECK(mailbox.owner->Answers() == Events{"disconnect"});
}
