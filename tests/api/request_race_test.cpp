// Races between the deadline of a request and other events. Each test repeats the race and adjusts its timing.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <memory>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using Clock = std::chrono::steady_clock;

namespace {

constexpr int trials = 500;

// Busy-waits until `lag` after the deadline of a request of 1 ms that was made at `begin`, varied by up to 10 us.
void SpinUntilDeadline(Clock::time_point begin, std::chrono::nanoseconds lag, int trial) {
  const auto target = begin + 1ms + lag + std::chrono::nanoseconds(trial * 7919 % 20'000 - 10'000);
  while (Clock::now() < target) continue;
}

}  // namespace

TEST_CASE("a request that is made while another one times out fails at its own deadline") {
  asio::thread_pool pool(1);
  std::chrono::nanoseconds lag = 60us;
  for (int trial = 0; trial < trials; ++trial) {
    Handler socket(Options{.executor = pool.get_executor()});
    const auto first = std::make_shared<std::atomic<bool>>(false);
    std::promise<Error> second;
    const auto begin = Clock::now();
    socket.Request(
        "first", nullptr, [first](const Reply&) { *first = true; }, 1ms);
    SpinUntilDeadline(begin, lag, trial);
    lag += *first ? -1us : 1us;
    socket.Request(
        "second", nullptr, [&](const Reply& reply) { second.set_value(reply.error); }, 1ms);
    CHECK(Get(second.get_future()) == Errc::TimedOut);
  }
  pool.join();
}

TEST_CASE("no callback of a request runs after Stop has returned, also if its deadline passes during Stop") {
  asio::thread_pool pool(1);
  std::chrono::nanoseconds lag = 60us;
  for (int trial = 0; trial < trials; ++trial) {
    const auto failed = std::make_shared<std::atomic<Errc>>(Errc{});
    ws::Client client({.url = ws::test::UrlOf(1), .connection = {.executor = pool.get_executor()}});
    const auto begin = Clock::now();
    client.Request(
        "x", nullptr,
        [failed](const Reply& reply) { *failed = reply.error == Errc::TimedOut ? Errc::TimedOut : Errc::Closed; }, 1ms);
    SpinUntilDeadline(begin, lag, trial);
    client.Stop();
    REQUIRE(*failed != Errc{});
    lag += *failed == Errc::TimedOut ? -1us : 1us;
  }
  pool.join();
}
