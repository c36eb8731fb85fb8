#include "ws/detail/protocol/deadline.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;

TEST_CASE("A deadline that was not started never passes") {
  const Deadline deadline(30s);
  CHECK(deadline.Expiry() == Time::max());
  CHECK_FALSE(deadline.HasPassed(start + 1000h));
}

TEST_CASE("A deadline passes exactly one limit after the start") {
  Deadline deadline(30s);
  deadline.Start(start);
  CHECK(deadline.Expiry() == start + 30s);
  CHECK_FALSE(deadline.HasPassed(start + 30s - 1ns));
  CHECK(deadline.HasPassed(start + 30s));
}

TEST_CASE("Start restarts a running deadline, StartOnce does not") {
  Deadline deadline(30s);
  deadline.StartOnce(start);
  deadline.StartOnce(start + 10s);
  CHECK(deadline.Expiry() == start + 30s);
  deadline.Start(start + 10s);
  CHECK(deadline.Expiry() == start + 40s);
}

TEST_CASE("A stopped deadline never passes and can be started again") {
  Deadline deadline(30s);
  deadline.Start(start);
  deadline.Stop();
  CHECK_FALSE(deadline.HasPassed(start + 1h));
  deadline.StartOnce(start + 1h);
  CHECK(deadline.Expiry() == start + 1h + 30s);
}

TEST_CASE("Paused time does not count towards the limit") {
  Deadline deadline(30s);
  deadline.Start(start);
  deadline.Pause(start + 10s);
  CHECK(deadline.Expiry() == Time::max());
  CHECK_FALSE(deadline.HasPassed(start + 1h));
  deadline.Resume(start + 1h);
  CHECK(deadline.Expiry() == start + 1h + 20s);
  deadline.Pause(start + 1h + 5s);
  deadline.Resume(start + 2h);
  CHECK(deadline.Expiry() == start + 2h + 15s);
}

TEST_CASE("Pausing a deadline that is not running and resuming one that is not paused have no effect") {
  Deadline deadline(30s);
  deadline.Pause(start);
  deadline.Resume(start);
  CHECK(deadline.Expiry() == Time::max());
  deadline.Start(start);
  deadline.Resume(start + 5s);
  CHECK(deadline.Expiry() == start + 30s);
  deadline.Pause(start + 10s);
  deadline.Pause(start + 20s);
  deadline.Resume(start + 30s);
  CHECK(deadline.Expiry() == start + 50s);
}

TEST_CASE("StartOnce does not restart a paused deadline, and Stop ends it") {
  Deadline deadline(30s);
  deadline.Start(start);
  deadline.Pause(start + 10s);
  deadline.StartOnce(start + 20s);
  CHECK(deadline.Expiry() == Time::max());
  deadline.Stop();
  deadline.Resume(start + 30s);
  CHECK(deadline.Expiry() == Time::max());
}

TEST_CASE("A deadline that passed before the pause has passed after it") {
  Deadline deadline(30s);
  deadline.Start(start);
  deadline.Pause(start + 40s);
  deadline.Resume(start + 1h);
  CHECK(deadline.Expiry() == start + 1h);
  CHECK(deadline.HasPassed(start + 1h));
}

TEST_CASE("A limit of zero, or one that the clock cannot represent, means no deadline") {
  const auto limit = GENERATE(0ms, std::chrono::milliseconds::max());
  CHECK(DeadlineAfter(start, limit) == Time::max());
  CHECK(DeadlineAfter(start, 30s) == start + 30s);
  Deadline deadline(limit);
  deadline.Start(start);
  CHECK(deadline.Expiry() == Time::max());
  CHECK_FALSE(deadline.HasPassed(start + 1000h));
  deadline.Pause(start + 1s);
  deadline.Resume(start + 2s);
  CHECK(deadline.Expiry() == Time::max());
}
