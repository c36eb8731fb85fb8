#include "ws/detail/protocol/rate_limiter.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;

namespace {

// Reads messages of that size as fast as it may, until `until`; how many.
int ReadAll(RateLimiter& limiter, Time& now, Time until, std::size_t size = 1) {
  int count = 0;
  while ((now = std::max(now, limiter.ReadyAt())) < until) {
    limiter.Count(now, size);
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("Without a limit nothing is held back") {
  RateLimiter limiter({});
  for (int count = 0; count < 1000; ++count) limiter.Count(start, 1'000'000);
  CHECK(limiter.ReadyAt() <= start);
  CHECK(limiter.GivesUpAt() == Time::max());
}

TEST_CASE("A burst passes at once, and what follows at the average") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 5});
  Time now = start;
  CHECK(ReadAll(limiter, now, start + 1ms) == 6);  // the sixth makes it overflow
  CHECK(limiter.ReadyAt() == start + 100ms);
  now = start;
  const int rest = ReadAll(limiter, now, start + 10s);
  CHECK(rest >= 98);
  CHECK(rest <= 100);
}

TEST_CASE("Bytes are limited like messages, and one larger than the burst is read") {
  RateLimiter limiter({.bytes_per_second = 1000, .burst_bytes = 100});
  limiter.Count(start, 600);
  CHECK(limiter.ReadyAt() == start + 500ms);
}

TEST_CASE("A burst of zero is one second's worth") {
  RateLimiter limiter({.messages_per_second = 10});
  for (int count = 0; count < 10; ++count) limiter.Count(start, 1);
  CHECK(limiter.ReadyAt() <= start);
}

TEST_CASE("Who sends at the average is never held back long, and never given up") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  for (Time now = start; now < start + 60s; now += 100ms) {
    CHECK(limiter.ReadyAt() <= now);
    limiter.Count(now, 1);
  }
  CHECK(limiter.GivesUpAt() == Time::max());
}

TEST_CASE("Who is held back again and again is given up after ten seconds") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  ReadAll(limiter, now, start + 9s);
  CHECK(limiter.GivesUpAt() == Time::max());
  ReadAll(limiter, now, start + 12s);
  CHECK(limiter.GivesUpAt() < now);
}

TEST_CASE("Time without being held back makes up for the excess") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  ReadAll(limiter, now, start + 9s);
  now += 5s;
  ReadAll(limiter, now, start + 19s);
  CHECK(limiter.GivesUpAt() == Time::max());
  ReadAll(limiter, now, start + 21s);
  CHECK(limiter.GivesUpAt() < now);
}

TEST_CASE("Who stays under the average, though in batches that are held back, is never given up") {
  RateLimiter limiter({.messages_per_second = 10, .burst_messages = 1});
  Time now = start;
  for (Time second = start; second < start + 60s; second += 1s) {
    now = second;
    for (int count = 0; count < 4; ++count) {
      now = std::max(now, limiter.ReadyAt());
      limiter.Count(now, 1);
    }
    CHECK(limiter.GivesUpAt() == Time::max());
  }
}

TEST_CASE("A burst that takes longer than a day to come back is a bound all the same") {
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
