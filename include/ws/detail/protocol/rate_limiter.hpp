// Computes when a peer that sends too much is throttled, and when its connection must end.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "ws/detail/protocol/deadline.hpp"
#include "ws/limits.hpp"

namespace ws::protocol {

// A leaky bucket: it drains at a constant rate and holds a burst. Not thread-safe.
class LeakyBucket {
 public:
  LeakyBucket(std::size_t per_second, std::size_t burst)
      : rate_(static_cast<double>(per_second)), burst_(static_cast<double>(burst != 0 ? burst : per_second)) {}

  void Add(Time now, std::size_t amount) noexcept {
    if (rate_ == 0) return;
    const std::chrono::duration<double> elapsed = std::max(now, updated_) - updated_;
    level_ = std::max(level_ - rate_ * elapsed.count(), 0.0) + static_cast<double>(amount);
    updated_ = std::max(now, updated_);
  }
  // Returns the time at which the level is down to the burst. Returns a time in the past if it is not above the burst.
  Time ReadyAt() const noexcept {
    constexpr std::chrono::duration<double> longest = std::chrono::hours(24);  // avoids overflow of the clock
    const double excess = level_ - burst_;
    if (rate_ == 0 || excess <= 0) return Time();
    const std::chrono::duration<double> time(excess / rate_);
    return updated_ + std::chrono::duration_cast<Duration>(std::min(time, longest));
  }

 private:
  double rate_, burst_;
  double level_ = 0;  // at the time updated_
  Time updated_{};
};

// Limits the messages and bytes per second of one peer. Not thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit)
      : messages_(limit.messages_per_second, limit.burst_messages),
        bytes_(limit.bytes_per_second, limit.burst_bytes),
        grace_period_(limit.grace_period),
        has_limit_(limit.messages_per_second != 0 || limit.bytes_per_second != 0) {}

  // Returns false if neither messages nor bytes are limited.
  bool HasLimit() const noexcept { return has_limit_; }

  // Counts a received message.
  void Count(Time now, std::size_t bytes) noexcept {
    if (now > throttled_until_) {
      excess_ -= std::min(excess_, now - throttled_until_);
      throttled_until_ = now;
    }
    messages_.Add(now, 1);
    bytes_.Add(now, bytes);
    if (ReadyAt() <= throttled_until_) return;
    excess_ += ReadyAt() - throttled_until_;
    throttled_until_ = ReadyAt();
  }
  // Returns the time at which the next message may be read.
  Time ReadyAt() const noexcept { return std::max(messages_.ReadyAt(), bytes_.ReadyAt()); }
  // Returns the time at which the peer has been throttled for longer than the grace period. Time without throttling is
  // subtracted. Returns Time::max() if the throttling ends before that.
  Time GracePeriodEnd() const noexcept {
    return IsNever(grace_period_) || excess_ < grace_period_ ? Time::max()
                                                             : throttled_until_ - (excess_ - grace_period_);
  }

 private:
  LeakyBucket messages_, bytes_;
  std::chrono::milliseconds grace_period_;
  bool has_limit_;
  Duration excess_{};       // time throttled, minus the time not throttled
  Time throttled_until_{};  // or the time of the last message, whichever is later
};

}  // namespace ws::protocol
