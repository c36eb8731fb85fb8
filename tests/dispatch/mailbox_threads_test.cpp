// A mailbox on a pool of four threads.
#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/mailbox_stage.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Json;
using ws::Order;
using ws::test::Batch;
using ws::test::MakeBatch;
using ws::test::MakeExchange;
using ws::test::Pause;
using ws::test::Pool;
using Events = std::vector<std::string>;

namespace {

/// Notes whether two ran at once.
class OneAtATime {
 public:
  void Enter() {
    if (inside_.exchange(true)) broken_ = true;
  }
  void Leave() { inside_ = false; }
  bool Held() const { return !broken_; }

 private:
  std::atomic<bool> inside_ = false, broken_ = false;
};

void Put(Mailbox& mailbox, std::string_view event, Json data = nullptr) {
  Batch batch{MakeExchange(event, std::move(data))};
  mailbox.Put(batch);
}

}  // namespace

TEST_CASE("Messages are handled in order of arrival, one at a time, coroutines too") {
  constexpr int producers = 4, each = 500;
  std::array<int, producers> next{};
  bool in_order = true;
  OneAtATime alone;
  Pool pool;
  const auto check = [&](const Json& data) {
    alone.Enter();
    const std::size_t producer = data[0];
    in_order = in_order && data[1] == next[producer]++;
  };
  pool.owner->On("plain", [&](const Json& data) {
    check(data);
    alone.Leave();
  });
  pool.owner->On("coroutine", [&](const Json& data) -> awaitable<void> {
    check(data);
    for (int i = 0; i < 3; ++i) co_await Pause();
    alone.Leave();
  });
  {
    std::vector<std::jthread> threads;
    for (int producer = 0; producer < producers; ++producer) {
      threads.emplace_back([&, producer] {
        for (int i = 0; i < each; ++i) Put(*pool.mailbox, i % 3 == 0 ? "coroutine" : "plain", {producer, i});
      });
    }
  }
  pool.owner->WaitFor(producers * each);
  CHECK(alone.Held());
  CHECK(in_order);
}

TEST_CASE("An unordered callback that blocks holds up nobody but disconnect") {
  std::latch next_ran(3);
  std::atomic<int> beside = 0, beside_at_end = -1;
  Pool pool;
  pool.owner->On(
      "blocks",
      [&] {
        next_ran.wait();
        ++beside;
      },
      Order::Concurrent);
  pool.owner->On("next", [&] { next_ran.count_down(); });
  pool.owner->On("disconnect", [&] { beside_at_end = beside.load(); });
  Batch batch = MakeBatch({"blocks", "next", "blocks", "next", "next", "disconnect"});
  pool.mailbox->Put(batch);
  pool.owner->WaitFor(6);
  CHECK(beside_at_end == 2);
  CHECK(pool.owner->Answers().back() == "disconnect");
}

TEST_CASE("Two callbacks that run side by side may both read the data") {
  constexpr int messages = 200;
  std::atomic<int> sum = 0;
  Pool pool;
  for (const Order order : {Order::Concurrent, Order::Sequential, Order::Concurrent}) {
    pool.owner->On(
        "event", [&](const Json& data) { sum += data.get<int>(); }, order);
  }
  for (int i = 0; i < messages; ++i) {
    // As it comes from a peer: the data is parsed when it is first asked for.
    const std::string text = R"({"event":"event","data":21})";
    const ws::Message::Layout layout{{10, 5}, {}, {24, 2}, {}};
    Batch batch{std::make_shared<Exchange>(Delivery::Event, text, ws::MessageType::Text, layout)};
    pool.mailbox->Put(batch);
  }
  pool.owner->WaitFor(messages);
  CHECK(sum == messages * 3 * 21);
}

TEST_CASE("No wake is lost however it races with the mailbox's falling asleep") {
  constexpr std::size_t rounds = 3000;
  std::atomic<bool> open = false;
  Pool pool;
  pool.owner->may_start = [&] { return open.load(); };
  pool.owner->On("event", [&] { open = false; });
  Batch batch = MakeBatch(Events(rounds, "event"));
  pool.mailbox->Put(batch);
  for (std::size_t round = 1; round <= rounds; ++round) {
    open = true;
    pool.mailbox->Wake();
    pool.owner->WaitFor(round);
  }
  CHECK(pool.owner->Answers().size() == rounds);
}

TEST_CASE("What is put while the mailbox falls idle is handled") {
  constexpr std::size_t rounds = 3000;
  Pool pool;
  for (std::size_t round = 1; round <= rounds; ++round) {
    Put(*pool.mailbox, "event");
    pool.owner->WaitFor(round);
  }
  CHECK(pool.owner->Answers().size() == rounds);
}

TEST_CASE("Cancel ends coroutines that wait for ever, and races with none that ends") {
  constexpr std::size_t rounds = 300;
  std::atomic<int> aborted = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::latch waiting(2);
    Pool pool;
    const auto wait = [&]() -> awaitable<void> {
      asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      waiting.count_down();
      boost::system::error_code error;
      co_await never.async_wait(asio::redirect_error(asio::use_awaitable, error));
      aborted += error == asio::error::operation_aborted;
    };
    pool.owner->On(
        "short", []() -> awaitable<void> { co_await Pause(); }, Order::Concurrent);
    pool.owner->On("long", wait, Order::Concurrent);
    pool.owner->On("long", wait);
    Batch batch = MakeBatch({"short", "short", "short", "long"});
    pool.mailbox->Put(batch);
    waiting.wait();
    pool.mailbox->Cancel();
    Batch last = MakeBatch({"disconnect"});
    pool.mailbox->Put(last);
    pool.mailbox->Cancel();
    pool.owner->WaitFor(5);
    CHECK(pool.owner->Answers().back() == "disconnect");
  }
  CHECK(aborted == 2 * static_cast<int>(rounds));
}

TEST_CASE("A discard from another thread loses nothing and handles nothing twice") {
  constexpr int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    int handled = 0, ended = 0;
    Pool pool;
    pool.owner->On("event", [&] { ++handled; });
    pool.owner->On("disconnect", [&] { ++ended; });
    Batch batch = MakeBatch(Events(100, "event"));
    pool.mailbox->Put(batch);
    pool.mailbox->Discard();
    batch = MakeBatch({"event", "disconnect"});
    pool.mailbox->Put(batch);
    pool.owner->WaitFor(102);
    CHECK(handled + static_cast<int>(pool.owner->DiscardedEvents().size()) == 101);
    CHECK(handled >= 1);
    CHECK(ended == 1);
    CHECK(pool.owner->Answers().back() == "disconnect");
  }
}

TEST_CASE("A connection that dies while its messages wait leaves nothing behind") {
  const auto alive = std::make_shared<int>();
  for (int round = 0; round < 300; ++round) {
    Pool pool;
    pool.owner->On("event", [alive]() -> awaitable<void> { co_await Pause(); });
    Batch batch = MakeBatch(Events(20, "event"));
    pool.mailbox->Put(batch);
    pool.owner.reset();
    pool.mailbox.reset();
  }
  CHECK(alive.use_count() == 1);
}
