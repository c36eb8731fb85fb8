// The mailbox on a pool of four threads.
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
#include "support/mailbox_fixture.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Json;
using ws::Order;
using ws::test::Batch;
using ws::test::MakeBatch;
using ws::test::MakeDispatch;
using ws::test::PooledMailbox;
using ws::test::YieldAsync;
using Events = std::vector<std::string>;

namespace {

// Detects two callbacks that run at the same time.
class OverlapDetector {
 public:
  void Enter() {
    if (inside_.exchange(true)) overlapped_ = true;
  }
  void Leave() { inside_ = false; }
  bool HasOverlapped() const { return overlapped_; }

 private:
  std::atomic<bool> inside_ = false, overlapped_ = false;
};

void Put(Mailbox& mailbox, std::string_view event, Json data = nullptr) {
  Batch batch{MakeDispatch(event, std::move(data))};
  mailbox.Put(batch);
}

}  // namespace

TEST_CASE("Messages are handled in order of arrival and one at a time, also by coroutines") {
  constexpr int producers = 4, each = 500;
  std::array<int, producers> next{};
  bool in_order = true;
  OverlapDetector detector;
  PooledMailbox pool;
  const auto check = [&](const Json& data) {
    detector.Enter();
    const std::size_t producer = data[0];
    in_order = in_order && data[1] == next[producer]++;
  };
  pool.owner->On("plain", [&](const Json& data) {
    check(data);
    detector.Leave();
  });
  pool.owner->On("coroutine", [&](const Json& data) -> awaitable<void> {
    check(data);
    for (int i = 0; i < 3; ++i) co_await YieldAsync();
    detector.Leave();
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
  CHECK_FALSE(detector.HasOverlapped());
  CHECK(in_order);
}

TEST_CASE("A concurrent callback that blocks delays only disconnect") {
  std::latch next_ran(3);
  std::atomic<int> concurrent = 0, concurrent_at_end = -1;
  PooledMailbox pool;
  pool.owner->On(
      "blocks",
      [&] {
        next_ran.wait();
        ++concurrent;
      },
      Order::Concurrent);
  pool.owner->On("next", [&] { next_ran.count_down(); });
  pool.owner->On("disconnect", [&] { concurrent_at_end = concurrent.load(); });
  Batch batch = MakeBatch({"blocks", "next", "blocks", "next", "next", "disconnect"});
  pool.mailbox->Put(batch);
  pool.owner->WaitFor(6);
  CHECK(concurrent_at_end == 2);
  CHECK(pool.owner->Answers().back() == "disconnect");
}

TEST_CASE("Two callbacks that run at the same time can both read the data") {
  constexpr int messages = 200;
  std::atomic<int> sum = 0;
  PooledMailbox pool;
  for (const Order order : {Order::Concurrent, Order::Sequential, Order::Concurrent}) {
    pool.owner->On(
        "event", [&](const Json& data) { sum += data.get<int>(); }, order);
  }
  for (int i = 0; i < messages; ++i) {
    // A message as received from a peer: its data is parsed when a callback first reads it.
    const std::string text = R"({"event":"event","data":21})";
    const ws::Message::Layout layout{{10, 5}, {}, {24, 2}, {}};
    Batch batch{std::make_shared<EventDispatch>(EventKind::Message, text, ws::MessageType::Text, layout)};
    pool.mailbox->Put(batch);
  }
  pool.owner->WaitFor(messages);
  CHECK(sum == messages * 3 * 21);
}

TEST_CASE("No Wake is lost when the mailbox parks at the same moment") {
  constexpr std::size_t rounds = 3000;
  std::atomic<bool> open = false;
  PooledMailbox pool;
  pool.owner->can_start = [&] { return open.load(); };
  pool.owner->On("event", [&] { open = false; });
  Batch batch = MakeBatch(Events(rounds, "event"));
  pool.mailbox->Put(batch);
  for (std::size_t round = 1; round <= rounds; ++round) {
    open = true;
    pool.mailbox->Resume();
    pool.owner->WaitFor(round);
  }
  CHECK(pool.owner->Answers().size() == rounds);
}

TEST_CASE("A message that is put while the mailbox becomes idle is handled") {
  constexpr std::size_t rounds = 3000;
  PooledMailbox pool;
  for (std::size_t round = 1; round <= rounds; ++round) {
    Put(*pool.mailbox, "event");
    pool.owner->WaitFor(round);
  }
  CHECK(pool.owner->Answers().size() == rounds);
}

TEST_CASE("Cancel ends coroutines that wait for ever, and does not race with coroutines that end") {
  constexpr std::size_t rounds = 300;
  std::atomic<int> aborted = 0;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::latch waiting(2);
    PooledMailbox pool;
    const auto wait = [&]() -> awaitable<void> {
      asio::steady_timer never(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
      waiting.count_down();
      boost::system::error_code error;
      co_await never.async_wait(asio::redirect_error(asio::use_awaitable, error));
      aborted += error == asio::error::operation_aborted;
    };
    pool.owner->On(
        "short", []() -> awaitable<void> { co_await YieldAsync(); }, Order::Concurrent);
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

TEST_CASE("With a Discard from another thread, each message is either handled or discarded, once") {
  constexpr int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    int handled = 0, ended = 0;
    PooledMailbox pool;
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

TEST_CASE("A connection that is destroyed while its messages wait leaks nothing") {
  const auto alive = std::make_shared<int>();
  for (int round = 0; round < 300; ++round) {
    PooledMailbox pool;
    pool.owner->On("event", [alive]() -> awaitable<void> { co_await YieldAsync(); });
    Batch batch = MakeBatch(Events(20, "event"));
    pool.mailbox->Put(batch);
    pool.owner.reset();
    pool.mailbox.reset();
  }
  CHECK(alive.use_count() == 1);
}
