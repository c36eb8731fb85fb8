// A mailbox on one thread, step by step.
#include "ws/detail/dispatch/mailbox.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_stage.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Order;
using ws::test::Batch;
using ws::test::Door;
using ws::test::MakeBatch;
using ws::test::Step;
using Events = std::vector<std::string>;

TEST_CASE("A batch is handed over once and not once a message") {
  Step step;
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

TEST_CASE("What comes while a batch waits is handed over with it") {
  Step step;
  step.Put({"a", "b"});
  step.Put({"c"});
  CHECK(step.Run() == 1);
  CHECK(step.owner->Answers() == Events{"a", "b", "c"});
}

TEST_CASE("A long queue gives the thread to others now and then") {
  Step step;
  std::size_t handled_when_asked = 0;
  step.Put(Events(200, "event"));
  asio::post(step.context, [&] { handled_when_asked = step.owner->Answers().size(); });
  step.Run();
  CHECK(handled_when_asked > 0);
  CHECK(handled_when_asked < 200);
  CHECK(step.owner->Answers().size() == 200);
}

TEST_CASE("A coroutine callback is awaited before the next message") {
  Step step;
  Door door(step.context);
  Events log;
  step.owner->On("slow", [&]() -> awaitable<void> {
    log.push_back("begins");
    co_await door.Pass();
    log.push_back("ends");
  });
  step.owner->On("next", [&] { log.push_back("next"); });
  step.Put({"slow", "next"});
  step.Run();
  CHECK(log == Events{"begins"});
  door.Open();
  step.Run();
  CHECK(log == Events{"begins", "ends", "next"});
}

TEST_CASE("An unordered callback lets the next messages pass, but disconnect waits for it") {
  Step step;
  Door door(step.context);
  Events log;
  step.owner->On(
      "slow",
      [&]() -> awaitable<void> {
        co_await door.Pass();
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
  door.Open();
  step.Run();
  CHECK(log == Events{"next", "plain", "slow", "disconnect"});
  CHECK(step.owner->Answers().back() == "disconnect");
}

TEST_CASE("Discard drops what waits, but for lifecycle events and what comes later") {
  Step step;
  Door door(step.context);
  step.owner->On("slow", [&]() -> awaitable<void> { co_await door.Pass(); });
  step.Put({"slow"});
  step.Run();
  step.Put({"a", "connect", "b"});
  Batch raw{ws::test::MakeExchange("raw", nullptr, Delivery::Raw)};
  step.mailbox->Put(raw);
  step.mailbox->Discard();
  step.Put({"late", "disconnect"});
  door.Open();
  step.Run();
  CHECK(step.owner->DiscardedEvents() == Events{"a", "b", "raw"});
  CHECK(step.owner->Answers() == Events{"slow", "connect", "late", "disconnect"});
}

TEST_CASE("Discard in a callback drops what waits behind it") {
  Step step;
  step.owner->On("close", [&] { step.mailbox->Discard(); });
  step.Put({"before", "close", "after", "after"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"before", "close"});
  CHECK(step.owner->DiscardedEvents() == Events{"after", "after"});
}

TEST_CASE("No message starts while the owner forbids it, until Wake") {
  Step step;
  bool may_start = false;
  step.owner->may_start = [&] { return may_start; };
  step.Put({"a"});
  step.Run();
  CHECK(step.owner->Answers().empty());
  step.Put({"b"});
  CHECK(step.Run() == 0);
  may_start = true;
  step.mailbox->Wake();
  step.mailbox->Wake();
  CHECK(step.Run() == 1);
  CHECK(step.owner->Answers() == Events{"a", "b"});
  step.mailbox->Wake();
  CHECK(step.Run() == 0);
}

TEST_CASE("A wake that comes while the owner is asked is not lost") {
  Step step;
  int asked = 0;
  // What was in the way goes between the question and the mailbox's taking note of the answer.
  step.owner->may_start = [&] {
    if (++asked != 1) return true;
    step.mailbox->Wake();
    return false;
  };
  step.Put({"a"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"a"});
}

TEST_CASE("What the owner forbids does not hold back disconnect") {
  Step step;
  step.owner->may_start = [] { return false; };
  step.Put({"disconnect"});
  step.Run();
  CHECK(step.owner->Answers() == Events{"disconnect"});
}

TEST_CASE("On the I/O side callbacks run before PutAndDrain returns, and are not nested") {
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

TEST_CASE("connect runs once for each registration, even for one that came late") {
  Step step;
  Events log;
  const auto listen = [&](std::string name) {
    return step.owner->table.Add("connect", MakeCallback<ws::test::Peer>([&log, name] { log.push_back(name); }));
  };
  const auto put_late = [&](std::shared_ptr<Registration> registration) {
    Batch batch = MakeBatch({"connect"});
    batch.front()->Only(std::move(registration));
    step.mailbox->Put(batch);
  };
  listen("early");
  step.Put({"connect"});
  // In time for the first one's look-up, and told of by a message of its own too.
  put_late(listen("between"));
  step.Run();
  put_late(listen("late"));
  step.Run();
  CHECK(log == Events{"early", "between", "late"});
}

TEST_CASE("The mailbox knows who is one of its callbacks") {
  Step step;
  std::vector<bool> inside;
  const auto note = [&] { inside.push_back(step.mailbox->IsInside()); };
  step.owner->On("plain", note);
  step.owner->On("beside", note, Order::Concurrent);
  step.owner->On("coroutine", [&]() -> awaitable<void> {
    note();
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    note();
  });
  asio::post(step.context, [&] { CHECK_FALSE(step.mailbox->IsInside()); });
  step.Put({"plain", "beside", "coroutine"});
  step.Run();
  CHECK(inside == std::vector<bool>(4, true));
  CHECK_FALSE(step.mailbox->IsInside());
  const Step other;
  step.owner->On("last", [&] { CHECK_FALSE(other.mailbox->IsInside()); });
  step.Put({"last"});
  step.Run();
}

TEST_CASE("Once the owner is gone nothing runs, and what waits is freed") {
  Step step;
  const auto alive = std::make_shared<int>();
  step.owner->On("event", [alive] { FAIL("the owner is gone"); });
  step.owner.reset();
  step.Put({"event"});
  step.Run();
  step.mailbox->Wake();
  step.mailbox->Discard();
  step.mailbox->Cancel();
  step.Run();
  CHECK(alive.use_count() == 1);
}
