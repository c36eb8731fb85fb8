// Requests that fail at the moment when something else happens: each of many trials aims at it anew.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <memory>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using ws::Errc;
using ws::Handler;
using ws::Options;
using ws::Reply;
using ws::test::Get;

namespace {

constexpr int trials = 500;

// Waits until a request of 1 ms that was made at `begin` is about to fail: `lag` later, give or take 10 us.
void AwaitDeadline(Clock::time_point begin, std::chrono::nanoseconds lag, int trial) {
  const auto aim = begin + 1ms + lag + std::chrono::nanoseconds(trial * 7919 % 20'000 - 10'000);
  while (Clock::now() < aim) continue;
}

}  // namespace

TEST_CASE("a request that is made when another has just failed fails at its own deadline") {
  asio::thread_pool pool(1);
  std::chrono::nanoseconds lag = 60us;
  for (int trial = 0; trial < trials; ++trial) {
    Handler socket(Options{.executor = pool.get_executor()});
    const auto first = std::make_shared<std::atomic<bool>>(false);
    std::promise<ws::Error> second;
    const auto begin = Clock::now();
    socket.Request(
        "first", nullptr, [first](const Reply&) { *first = true; }, 1ms);
    AwaitDeadline(begin, lag, trial);
    lag += *first ? -1us : 1us;
    socket.Request(
        "second", nullptr, [&](const Reply& reply) { second.set_value(reply.error); }, 1ms);
    CHECK(Get(second.get_future()) == Errc::TimedOut);
  }
  pool.join();
}

TEST_CASE("no callback of a request runs when Stop has returned, though its deadline passed meanwhile") {
  asio::thread_pool pool(1);
  std::chrono::nanoseconds lag = 60us;
  for (int trial = 0; trial < trials; ++trial) {
    const auto failed = std::make_shared<std::atomic<Errc>>(Errc{});
    ws::Client client({.url = ws::test::UrlOf(1), .connection = {.executor = pool.get_executor()}});
    const auto begin = Clock::now();
    client.Request(
        "x", nullptr,
        [failed](const Reply& reply) { *failed = reply.error == Errc::TimedOut ? Errc::TimedOut : Errc::Closed; }, 1ms);
    AwaitDeadline(begin, lag, trial);
    client.Stop();
    REQUIRE(*failed != Errc{});
    lag += *failed == Errc::TimedOut ? -1us : 1us;
  }
  pool.join();
}
