// Who sends too much is read more slowly, and then no more.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "ws/detail/protocol/deadline.hpp"
#include "ws/limits.hpp"

namespace ws::protocol {

// A bucket that leaks so much a second and holds a burst. Not thread-safe.
class LeakyBucket {
 public:
  LeakyBucket(std::size_t per_second, std::size_t burst)
      : rate_(static_cast<double>(per_second)), burst_(static_cast<double>(burst != 0 ? burst : per_second)) {}

  void Add(Time now, std::size_t amount) noexcept {
    if (rate_ == 0) return;
    const std::chrono::duration<double> leaking = std::max(now, filled_) - filled_;
    level_ = std::max(level_ - rate_ * leaking.count(), 0.0) + static_cast<double>(amount);
    filled_ = std::max(now, filled_);
  }
  // When it no longer overflows; long ago where it does not.
  Time ReadyAt() const noexcept {
    constexpr std::chrono::duration<double> longest = std::chrono::hours(24);  // nobody waits so long
    const double excess = level_ - burst_;
    if (rate_ == 0 || excess <= 0) return Time();
    const std::chrono::duration<double> time(excess / rate_);
    return filled_ + std::chrono::duration_cast<Duration>(std::min(time, longest));
  }

 private:
  double rate_, burst_;
  double level_ = 0;  // when it was filled_
  Time filled_{};
};

// The limits on one peer's messages. Not thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit)
      : messages_(limit.messages_per_second, limit.burst_messages),
        bytes_(limit.bytes_per_second, limit.burst_bytes),
        grace_period_(limit.grace_period),
        limits_(limit.messages_per_second != 0 || limit.bytes_per_second != 0) {}

  // Whether there is a limit at all.
  bool Limits() const noexcept { return limits_; }

  // A message was read.
  void Count(Time now, std::size_t bytes) noexcept {
    if (now > held_until_) {
      excess_ -= std::min(excess_, now - held_until_);
      held_until_ = now;
    }
    messages_.Add(now, 1);
    bytes_.Add(now, bytes);
    if (ReadyAt() <= held_until_) return;
    excess_ += ReadyAt() - held_until_;
    held_until_ = ReadyAt();
  }
  // When the next may be read.
  Time ReadyAt() const noexcept { return std::max(messages_.ReadyAt(), bytes_.ReadyAt()); }
  // When a peer that is held back until then has been so for too long, less the time when it was not; Time::max() while
  // that is not in sight.
  Time GivesUpAt() const noexcept {
    return IsNever(grace_period_) || excess_ < grace_period_ ? Time::max() : held_until_ - (excess_ - grace_period_);
  }

 private:
  LeakyBucket messages_, bytes_;
  std::chrono::milliseconds grace_period_;
  bool limits_;
  Duration excess_{};
  Time held_until_{};  // or last seen, whichever is later
};

}  // namespace ws::protocol
