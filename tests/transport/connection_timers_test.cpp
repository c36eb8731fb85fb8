// The clocks of a connection.
#include "transport/connection_timers.hpp"

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using ws::EndReason;
using ws::Options;
using ws::transport::ConnectionTimers;

namespace {

// Every clock is far away unless a test sets it.
Options LongTimeouts() {
  Options options;
  options.ping_interval = 1h;
  options.idle_timeout = 2h;
  options.message_timeout = options.write_timeout = options.stall_timeout = 3h;
  options.close_timeout = 5s;
  options.flush_timeout = 2s;
  return options;
}

const ConnectionTimers::Time start{};

}  // namespace

TEST_CASE("each clock ends the connection with its own reason") {
  Options options = LongTimeouts();
  EndReason reason{};
  SECTION("heartbeat") {
    options.ping_interval = 5s;
    options.idle_timeout = 10s;
    reason = EndReason::HeartbeatTimeout;
  }
  SECTION("message") {
    options.message_timeout = 10s;
    reason = EndReason::Timeout;
  }
  SECTION("write") {
    options.write_timeout = 10s;
    reason = EndReason::SlowConsumer;
  }
  SECTION("stall") {
    options.stall_timeout = 10s;
    reason = EndReason::Stalled;
  }
  ConnectionTimers timers(options, start);
  timers.OnMessagePart(start);
  timers.OnWriteStart(start);
  if (reason == EndReason::Stalled) timers.OnReadPause(start);
  CHECK_FALSE(timers.Check(start + 9999ms).end);
  CHECK(timers.Next() <= start + 10s);
  CHECK(timers.Check(start + 10s).end == reason);
}

TEST_CASE("silence causes one ping") {
  Options options = LongTimeouts();
  options.ping_interval = 5s;
  ConnectionTimers timers(options, start);
  CHECK_FALSE(timers.Check(start + 4s).ping);
  CHECK(timers.Check(start + 5s).ping);
  CHECK_FALSE(timers.Check(start + 6s).ping);
  timers.OnBytesReceived(start + 7s);
  CHECK_FALSE(timers.Check(start + 11s).ping);
  CHECK(timers.Check(start + 12s).ping);
}

TEST_CASE("the clocks of what is received stand still while the reader pauses") {
  Options options = LongTimeouts();
  options.idle_timeout = 10s;
  options.ping_interval = 9s;
  options.message_timeout = 10s;
  ConnectionTimers timers(options, start);
  timers.OnMessagePart(start);
  timers.OnReadPause(start + 1s);
  CHECK_FALSE(timers.Check(start + 60s).end);
  timers.OnReadResume(start + 60s);
  CHECK_FALSE(timers.Check(start + 68s).end);
  CHECK(timers.Check(start + 69s).end == EndReason::HeartbeatTimeout);
}

TEST_CASE("a finished message and a finished write stop their clocks") {
  Options options = LongTimeouts();
  options.message_timeout = options.write_timeout = 10s;
  ConnectionTimers timers(options, start);
  timers.OnMessagePart(start);
  timers.OnWriteStart(start);
  timers.OnMessageEnd();
  timers.OnWriteEnd();
  CHECK_FALSE(timers.Check(start + 60s).end);
}

TEST_CASE("a peer over its rate is read later, and closed after the grace period") {
  Options options = LongTimeouts();
  options.rate_limit = {.messages_per_second = 1, .burst_messages = 1, .grace_period = 3s};
  ConnectionTimers timers(options, start);
  CHECK(timers.HasRateLimit());
  timers.CountMessage(start, 10);
  CHECK_FALSE(timers.UpdateRate(start));
  for (int count = 0; count < 3; ++count) timers.CountMessage(start, 10);
  CHECK(timers.UpdateRate(start));
  CHECK(timers.IsOverRate());
  timers.OnReadPause(start);
  CHECK_FALSE(timers.Check(start + 2s).resume);
  CHECK(timers.Next() <= start + 3s);
  CHECK(timers.Check(start + 3s).end == EndReason::RateLimited);
}

TEST_CASE("while closing, only the clock of closing counts") {
  ConnectionTimers timers(LongTimeouts(), start);
  timers.OnClosing(start);
  CHECK(timers.Next() == start + 5s);
  CHECK_FALSE(timers.HasFlushTimedOut(start + 1s));
  CHECK(timers.HasFlushTimedOut(start + 2s));
  CHECK_FALSE(timers.HasCloseTimedOut(start + 4s));
  CHECK(timers.HasCloseTimedOut(start + 5s));
  CHECK(timers.StartClose(start + 4s) == start + 5s);
}
