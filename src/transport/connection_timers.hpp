// The clocks of a connection.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "ws/close_reason.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/heartbeat.hpp"
#include "ws/detail/protocol/rate_limiter.hpp"
#include "ws/options.hpp"

namespace ws::transport {

// All clocks of an open connection, for one timer: heartbeat, message, write, stall, close, flush, and rate. Pure: time
// is passed in. Not thread-safe.
class ConnectionTimers {
 public:
  using Time = protocol::Time;

  ConnectionTimers(const Options& options, Time now)
      : heartbeat_(options.ping_interval, options.idle_timeout, now),
        message_(options.message_timeout),
        write_(options.write_timeout),
        stall_(options.stall_timeout),
        close_(options.close_timeout),
        flush_(options.flush_timeout),
        rate_(options.rate_limit) {}

  // The actions that are due at a time.
  struct Due {
    std::optional<EndReason> end = {};  // close the connection with this reason
    bool ping = false;                  // send a ping
    bool resume = false;                // resume the reader: the rate limit allows it
  };
  // Returns the due actions of an open connection.
  Due Check(Time now) noexcept {
    const auto status = heartbeat_.Check(now);
    if (status == protocol::Heartbeat::Status::Dead) return {EndReason::HeartbeatTimeout};
    if (message_.HasPassed(now)) return {EndReason::Timeout};
    if (write_.HasPassed(now)) return {EndReason::SlowConsumer};
    if (stall_.HasPassed(now)) return {EndReason::Stalled};
    if (over_rate_ && rate_.GracePeriodEnd() <= now) return {EndReason::RateLimited};
    return {{}, status == protocol::Heartbeat::Status::SendPing, over_rate_ && rate_.ReadyAt() <= now};
  }
  // Returns the next time at which an action may be due.
  Time Next() const noexcept {
    if (closing_) return close_.Expiry();
    const Time next = std::min({heartbeat_.Next(), message_.Expiry(), write_.Expiry(), stall_.Expiry()});
    return over_rate_ ? std::min({next, rate_.ReadyAt(), rate_.GracePeriodEnd()}) : next;
  }

  void OnBytesReceived(Time now) noexcept { heartbeat_.OnBytesReceived(now); }
  // A part of a message has been received. The first part starts its deadline.
  void OnMessagePart(Time now) noexcept { message_.StartOnce(now); }
  void OnMessageEnd() noexcept { message_.Stop(); }
  void OnWriteStart(Time now) noexcept { write_.Start(now); }
  void OnWriteEnd() noexcept { write_.Stop(); }

  // The clocks of the input stop while the reader pauses. A pause for the rate does not count as stall:
  // the rate has its own grace period.
  void OnReadPause(Time now) noexcept {
    heartbeat_.Pause(now);
    message_.Pause(now);
    if (!over_rate_) stall_.Start(now);
  }
  void OnReadResume(Time now) noexcept {
    heartbeat_.Resume(now);
    message_.Resume(now);
    stall_.Stop();
  }

  bool HasRateLimit() const noexcept { return rate_.HasLimit(); }
  void CountMessage(Time now, std::size_t bytes) noexcept { rate_.Count(now, bytes); }
  // Returns true if the peer has sent more than its rate allows, so that reading must pause.
  bool UpdateRate(Time now) noexcept { return over_rate_ = rate_.ReadyAt() > now; }
  bool IsOverRate() const noexcept { return over_rate_; }

  // The closing handshake starts: only its clocks count from now on.
  void OnClosing(Time now) noexcept {
    closing_ = true;
    close_.StartOnce(now);
    flush_.Start(now);
  }
  bool HasCloseTimedOut(Time now) const noexcept { return close_.HasPassed(now); }
  bool HasFlushTimedOut(Time now) const noexcept { return flush_.HasPassed(now); }
  // Starts the clock of closing, if it does not run, and returns its end.
  Time StartClose(Time now) noexcept {
    close_.StartOnce(now);
    return close_.Expiry();
  }

 private:
  protocol::Heartbeat heartbeat_;
  protocol::Deadline message_, write_, stall_, close_, flush_;
  protocol::RateLimiter rate_;
  bool over_rate_ = false;
  bool closing_ = false;
};

}  // namespace ws::transport
