// The mailbox on one thread, controlled by the test.
#include "ws/detail/dispatch/mailbox.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_fixture.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Order;
using ws::test::AsyncLatch;
using ws::test::Batch;
using ws::test::MakeBatch;
using ws::test::ManualMailbox;
using Events = std::vector<std::string>;

TEST_CASE("A batch is posted to the executor once, not once a message") {
  ManualMailbox step;
  int handled = 0;
  step.owner->On("event", [&] { ++handled; });
  Batch batch = MakeBatch(Events(60, "event"));
  step.mailbox->Put(batch);
  CHECK(batch.empty());
  CHECK(handled == 0);
  step.Put(Events(0));
  CHECK(step.Run() == 1);
  CHECK(handled == 60);
  CHECK(step.Run() == 0);
}

TEST_CASE("Messages that arrive while a batch waits are handled with it") {
  ManualMailbox step;
  step.Put({"a", "b"});
  step.Put({"c"});
  CHECK(step.Run() == 1);
  CHECK(step.owner->Answers() == Events{"a", "b", "c"});
}

TEST_CASE("A long queue yields the thread from time to time") {
  ManualMailbox step;
  std::size_t handled_before_other_work = 0;
  step.Put(Events(200, "event"));
  asio::post(step.context, [&] { handled_before_other_work = step.owner->Answers().size(); });
  step.Run();
  CHECK(handled_before_other_work > 0);
  CHECK(handled_before_other_work < 200);
  CHECK(step.owner->Answers().size() == 200);
}

TEST_CASE("A coroutine callback is awaited before the next message") {
  ManualMailbox step;
  AsyncLatch door(step.context);
  Events log;
  step.owner->On("slow", [&]() -> awaitable<void> {
    log.push_back("begins");
    co_await door.WaitAsync();
    log.push_back("ends");
  });
  step.owner->On("next", [&] { log.push_back("next"); });
  step.Put({"slow", "next"});
  step.Run();
  CHECK(log == Events{"begins"});
  door.Release();
  step.Run();
  CHECK(log == Events{"begins", "ends", "next"});
}

TEST_CASE("A concurrent callback does not delay the next messages, but disconnect waits for it") {
  ManualMailbox step;
  AsyncLatch door(step.context);
  Events log;
  step.owner->On(
      "slow",
      [&]() -> awaitable<void> {
        co_await door.WaitAsync();
        log.push_back("slow");
      },
      Order::Concurrent);
  step.owner->On(
      "plain", [&] { log.push_back("plain"); }, Order::Concurrent);
  step.owner->On("next", [&] { log.push_back("next"); });
  step.owner->On("disconnect", [&] { log.push_back("disconnect"); });
  step.Put({"slow", "next", "plain", "disconnect"});
  step.Run();
  CHECK(log == Events{"next", "plain"});
  door.Release();
  step.Run();
  CHECK(log == Events{"next", "plain", "slow", "disconnect"});
  CHECK(step.owner->Answers().back() == "disconnect");
}

TEST_CASE("Discard drops waiting messages, except lifecycle events and later messages") {
  ManualMailbox step;
  AsyncLatch door(step.context);
  step.owner->On("slow", [&]() -> awaitable<void> { co_await door.WaitAsync(); });
  step.Put({"slow"});
  step.Run();
  step.Put({"a", "connect", "b"});
  Batch raw{ws::test::MakeDispatch("raw", nullptr, EventKind::Raw)};
  step.mailbox->Put(raw);
  step.mailbox->Discard();
  step.Put({"late", "disconnect"});
  door.Release();
  step.Run();
  CHECK(step.owner->DiscardedEvents() == Events{"a", "b", "raw"});
  CHECK(step.owner->Answers() == Events{"slow", "connect", "late", "disconnect"});
}

TEST_CASE("Discard in a callback drops the messages after it") {
  ManualMailbox step;
  step.owner->On("close", [&] { step.mailbox->Discard(); });
  step.Put({"before", "close", "after", "after"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"before", "close"});
  CHECK(step.owner->DiscardedEvents() == Events{"after", "after"});
}

TEST_CASE("No message starts while MayStart returns false, until Wake") {
  ManualMailbox step;
  bool may_start = false;
  step.owner->can_start = [&] { return may_start; };
  step.Put({"a"});
  step.Run();
  CHECK(step.owner->Answers().empty());
  step.Put({"b"});
  CHECK(step.Run() == 0);
  may_start = true;
  step.mailbox->Resume();
  step.mailbox->Resume();
  CHECK(step.Run() == 1);
  CHECK(step.owner->Answers() == Events{"a", "b"});
  step.mailbox->Resume();
  CHECK(step.Run() == 0);
}

TEST_CASE("A Wake during MayStart is not lost") {
  ManualMailbox step;
  int calls = 0;
  // The obstacle disappears after MayStart was called, but before the mailbox has stored the result.
  step.owner->can_start = [&] {
    if (++calls != 1) return true;
    step.mailbox->Resume();
    return false;
  };
  step.Put({"a"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"a"});
}

TEST_CASE("disconnect runs even if MayStart returns false") {
  ManualMailbox step;
  step.owner->can_start = [] { return false; };
  step.Put({"disconnect"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"disconnect"});
}

TEST_CASE("PutAndDrain runs the callbacks before it returns, and never nested") {
  asio::io_context context;
  const auto strand = asio::make_strand(context);
  const auto owner = std::make_shared<ws::test::FakeOwner>();
  const auto mailbox = std::make_shared<Mailbox>(strand, owner);
  Events log;
  owner->On("first", [&] {
    Batch more = MakeBatch({"second"});
    mailbox->PutAndDrain(more);
    log.push_back("first");
  });
  owner->On("second", [&] { log.push_back("second"); });
  asio::post(strand, [&] {
    Batch batch = MakeBatch({"first"});
    mailbox->PutAndDrain(batch);
    CHECK(log == Events{"first", "second"});
  });
  context.run();
  CHECK(log.size() == 2);
}

TEST_CASE("connect runs once for each registration, even for a late one") {
  ManualMailbox step;
  Events log;
  const auto listen = [&](std::string name) {
    return step.owner->table.Add("connect", MakeCallback<ws::test::Peer>([&log, name] { log.push_back(name); }));
  };
  const auto put_late = [&](std::shared_ptr<Registration> registration) {
    Batch batch = MakeBatch({"connect"});
    batch.front()->RunOnly(std::move(registration));
    step.mailbox->Put(batch);
  };
  listen("early");
  step.Put({"connect"});
  // The look-up for the first message finds this registration, and the registration also gets its own message.
  put_late(listen("between"));
  step.Run();
  put_late(listen("late"));
  step.Run();
  CHECK(log == Events{"early", "between", "late"});
}

TEST_CASE("IsInside is true only in the mailbox's own callbacks") {
  ManualMailbox step;
  std::vector<bool> inside;
  const auto note = [&] { inside.push_back(step.mailbox->RunningInThisThread()); };
  step.owner->On("plain", note);
  step.owner->On("concurrent", note, Order::Concurrent);
  step.owner->On("coroutine", [&]() -> awaitable<void> {
    note();
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    note();
  });
  asio::post(step.context, [&] { CHECK_FALSE(step.mailbox->RunningInThisThread()); });
  step.Put({"plain", "concurrent", "coroutine"});
  step.Run();
  CHECK(inside == std::vector<bool>(4, true));
  CHECK_FALSE(step.mailbox->RunningInThisThread());
  const ManualMailbox other;
  step.owner->On("last", [&] { CHECK_FALSE(other.mailbox->RunningInThisThread()); });
  step.Put({"last"});
  step.Run();
}

TEST_CASE("After the owner is destroyed nothing runs, and waiting messages are freed") {
  ManualMailbox step;
  const auto alive = std::make_shared<int>();
  step.owner->On("event", [alive] { FAIL("the owner is gone"); });
  step.owner.reset();
  step.Put({"event"});
  step.Run();
  step.mailbox->Resume();
  step.mailbox->Discard();
  step.mailbox->Cancel();
  step.Run();
  CHECK(alive.use_count() == 1);
}
