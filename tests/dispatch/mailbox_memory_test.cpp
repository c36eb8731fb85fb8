// What a mailbox does with memory, and without.
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_stage.hpp"
#include "ws/detail/dispatch/mailbox.hpp"

using ws::test::Step;
using Events = std::vector<std::string>;

TEST_CASE("What runs beside the messages is not copied") {
  struct Reply {
    explicit Reply(int& copied) : copies(&copied) {}
    Reply(const Reply& other) : copies(other.copies) { ++*copies; }
    Reply(Reply&&) = default;
    void operator()() const {}

    int* copies;
  };
  Step step;
  int copies = 0;
  std::function<void()> work{Reply(copies)};
  step.mailbox->RunBeside(std::move(work));
  CHECK(step.Run() == 1);
  CHECK(copies == 0);
}

TEST_CASE("An answer that finds no memory breaks the connection, and the next messages are handled") {
  Step step;
  step.owner->On("event", [] {});
  step.owner->no_memory = true;
  step.Put({"event", "event", "disconnect"});
  step.Run();
  CHECK(step.owner->broken == 1);
  CHECK(step.owner->Answers() == Events{"event", "disconnect"});
}

TEST_CASE("So does the answer of a coroutine") {
  Step step;
  step.owner->On("event", []() -> boost::asio::awaitable<void> { co_return; });
  step.owner->no_memory = true;
  step.Put({"event", "event", "disconnect"});
  step.Run();
  CHECK(step.owner->broken == 1);
  CHECK(step.owner->Answers() == Events{"event", "disconnect"});
}

namespace {

// What a verb does whose initiation finds no memory: the coroutine that awaits it is destroyed.
boost::asio::awaitable<void> FindNoMemory() {
  const auto fail = [](auto) { throw std::bad_alloc(); };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(fail, boost::asio::use_awaitable);
}

// What an operation does whose context is gone.
boost::asio::awaitable<void> AwaitNothing() {
  const auto drop = [](auto) {};
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(drop, boost::asio::use_awaitable);
}

// "a" waits at the door, "fails" finds no memory; what happened stands in the log.
struct Memoryless : Step {
  Memoryless() {
    owner->On("fails", []() -> boost::asio::awaitable<void> { co_await FindNoMemory(); });
    owner->On("a", [this]() -> boost::asio::awaitable<void> {
      log.push_back("a begins");
      co_await door.Pass();
      log.push_back("a ends");
    });
    owner->On("b", [this] { log.push_back("b"); });
    owner->On("disconnect", [this] { log.push_back("disconnect"); });
  }
  // Throws whatever would leave a thread of the pool.
  void RunAll() {
    while (Run() != 0) {
    }
  }

  ws::test::Door door{context};
  Events log;
};

}  // namespace

TEST_CASE("A coroutine whose first wait finds no memory does not set two messages going at once") {
  Memoryless step;
  step.Put({"fails", "a", "b", "disconnect"});
  step.RunAll();
  CHECK(step.owner->broken > 0);
  CHECK(step.log == Events{"a begins"});
  step.door.Open();
  step.RunAll();
  CHECK(step.log == Events{"a begins", "a ends", "b", "disconnect"});
}

TEST_CASE("Nor is the mailbox idle behind it while another coroutine runs") {
  Memoryless step;
  step.Put({"fails", "a"});
  step.RunAll();
  CHECK_FALSE(step.mailbox->IsIdle());
  step.Put({"disconnect"});
  step.RunAll();
  CHECK(step.log == Events{"a begins"});
  step.door.Open();
  step.RunAll();
  CHECK(step.log == Events{"a begins", "a ends", "disconnect"});
}

TEST_CASE("A coroutine of `disconnect` that is destroyed ends the connection all the same") {
  Step step;
  SECTION("for want of memory, at its second wait") {
    step.owner->On("disconnect", []() -> boost::asio::awaitable<void> {
      co_await boost::asio::post(boost::asio::use_awaitable);
      co_await FindNoMemory();
    });
  }
  SECTION("because what it waits for is gone") {
    step.owner->On("disconnect", []() -> boost::asio::awaitable<void> { co_await AwaitNothing(); });
  }
  step.Put({"disconnect"});
  for (int round = 0; round < 10; ++round) {
    try {
      step.Run();
    } catch (const std::bad_alloc&) {
      // of the wait itself, as from a context's run
    }
  }
  CHECK(step.owner->Answers() == Events{"disconnect"});
}

TEST_CASE("A cancellation that finds no memory does not leave the pool") {
  Step step;
  std::shared_ptr<void> kept;
  step.owner->On("a", [&kept]() -> boost::asio::awaitable<void> {
    const auto wait = [&](auto handler) {
      const auto held = std::make_shared<decltype(handler)>(std::move(handler));
      kept = held;
      boost::asio::get_associated_cancellation_slot(*held).assign(
          [](boost::asio::cancellation_type) { throw std::bad_alloc(); });
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(wait,
                                                                                       boost::asio::use_awaitable);
  });
  step.Put({"a"});
  step.Run();
  step.mailbox->Cancel();
  CHECK_NOTHROW(step.Run());
  CHECK(step.owner->broken == 1);
}
