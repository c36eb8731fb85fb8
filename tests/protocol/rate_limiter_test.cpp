#include "ws/detail/protocol/rate_limiter.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;

namespace {

// Reads messages of `size` bytes as fast as the limiter allows until `until`. Returns the number of messages.
int ReadAll(RateLimiter& limiter, Time& now, Time until, std::size_t size = 1) {
  int count = 0;
  while ((now = std::max(now, limiter.ReadyAt())) < until) {
    limiter.Count(now, size);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("Without a limit the peer is never throttled") {
  RateLimiter limiter({});
  for (int count = 0; count < 1000; ++count) limiter.Count(start, 1'000'000);
  CHECK(limiter.ReadyAt() <= start);
  CHECK(limiter.GracePeriodEnd() == Time::max());
}

TEST_CASE("A burst is read at once, and the messages after it at the average rate") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 5});
  Time now = start;
  CHECK(ReadAll(limiter, now, start + 1ms) == 6);  // the sixth exceeds the burst
  CHECK(limiter.ReadyAt() == start + 100ms);
  now = start;
  const int rest = ReadAll(limiter, now, start + 10s);
  CHECK(rest >= 98);
  CHECK(rest <= 100);
}

TEST_CASE("Bytes are limited like messages, and a message larger than the burst is read") {
  RateLimiter limiter({.bytes_per_second = 1000, .burst_bytes = 100});
  limiter.Count(start, 600);
  CHECK(limiter.ReadyAt() == start + 500ms);
}

TEST_CASE("A burst of zero means the amount of one second") {
  RateLimiter limiter({.messages_per_second = 10});
  for (int count = 0; count < 10; ++count) limiter.Count(start, 1);
  CHECK(limiter.ReadyAt() <= start);
}

TEST_CASE("A peer that sends at the average rate is never throttled") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  for (Time now = start; now < start + 60s; now += 100ms) {
    CHECK(limiter.ReadyAt() <= now);
    limiter.Count(now, 1);
  }
  CHECK(limiter.GracePeriodEnd() == Time::max());
}

TEST_CASE("The grace period of a peer that is always throttled ends after ten seconds") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  ReadAll(limiter, now, start + 9s);
  CHECK(limiter.GracePeriodEnd() == Time::max());
  ReadAll(limiter, now, start + 12s);
  CHECK(limiter.GracePeriodEnd() < now);
}

TEST_CASE("Time without throttling is subtracted from the excess") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  ReadAll(limiter, now, start + 9s);
  now += 5s;
  ReadAll(limiter, now, start + 19s);
  CHECK(limiter.GracePeriodEnd() == Time::max());
  ReadAll(limiter, now, start + 21s);
  CHECK(limiter.GracePeriodEnd() < now);
}

TEST_CASE("The grace period never ends for a peer below the average rate, even if its batches are throttled") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  for (Time second = start; second < start + 60s; second += 1s) {
    now = second;
    for (int count = 0; count < 4; ++count) {
      now = std::max(now, limiter.ReadyAt());
      limiter.Count(now, 1);
    }
    CHECK(limiter.GracePeriodEnd() == Time::max());
  }
}

TEST_CASE("A burst that takes longer than a day to drain is still a limit") {
  RateLimiter limiter({.bytes_per_second = 1000, .burst_bytes = std::size_t{1} << 30});
  std::size_t read = 0;
  while (limiter.ReadyAt() <= start) {
    limiter.Count(start, std::size_t{1} << 20);
    read += std::size_t{1} << 20;
  }
  CHECK(read == (std::size_t{1} << 30) + (std::size_t{1} << 20));
}

TEST_CASE("A tiny rate and a huge message do not overflow the clock") {
  RateLimiter limiter({.bytes_per_second = 1});
  for (int count = 0; count < 100; ++count) limiter.Count(start, std::size_t{1} << 50);
  CHECK(limiter.ReadyAt() > start + 1h);
}
