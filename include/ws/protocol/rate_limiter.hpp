// Who sends too much is read more slowly, and then no more.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

#include "ws/protocol/deadline.hpp"
#include "ws/rate_limit.hpp"

namespace ws::protocol {

// A bucket that leaks so much a second and holds a burst (the generic cell rate algorithm). Not thread-safe.
class LeakyBucket {
 public:
  LeakyBucket(std::size_t per_second, std::size_t burst)
      : rate_(static_cast<double>(per_second)), burst_(static_cast<double>(burst != 0 ? burst : per_second)) {}

  void Add(Time now, std::size_t amount) noexcept {
    if (rate_ == 0) return;
    empty_ = std::min(std::max(empty_, now) + ToDuration(static_cast<double>(amount)), now + longest);
  }
  // When it no longer overflows; not later than `now` where it does not.
  Time ReadyAt() const noexcept { return rate_ == 0 ? Time() : empty_ - std::min(empty_ - Time(), ToDuration(burst_)); }

 private:
  static constexpr std::chrono::hours longest{24};  // nobody waits so long: the clock must not overflow

  // How long it takes to leak so much.
  Duration ToDuration(double amount) const noexcept {
    const std::chrono::duration<double> time(amount / rate_);
    return time > longest ? Duration(longest) : std::chrono::duration_cast<Duration>(time);
  }

  double rate_, burst_;
  Time empty_{};  // when all has leaked
};

// The limits on one peer's messages. Not thread-safe.
class RateLimiter {
 public:
  explicit RateLimiter(const RateLimit& limit)
      : messages_(limit.messages_per_second, limit.burst_messages),
        bytes_(limit.bytes_per_second, limit.burst_bytes),
        patience_(limit.patience),
        limits_(limit.messages_per_second != 0 || limit.bytes_per_second != 0) {}

  // Whether there is a limit at all.
  bool Limits() const noexcept { return limits_; }

  // A message was read.
  void Count(Time now, std::size_t bytes) noexcept {
    if (excess_since_ && now > ReadyAt() + calm) excess_since_.reset();
    messages_.Add(now, 1);
    bytes_.Add(now, bytes);
    if (!excess_since_ && ReadyAt() > now) excess_since_ = now;
  }
  // When the next may be read.
  Time ReadyAt() const noexcept { return std::max(messages_.ReadyAt(), bytes_.ReadyAt()); }
  // When a peer that is still held back then has sent too much for too long; Time::max() while it has not begun.
  Time GivesUpAt() const noexcept { return excess_since_ ? Later(*excess_since_, patience_) : Time::max(); }

 private:
  static constexpr std::chrono::seconds calm{1};  // without being held back: the excess is over

  LeakyBucket messages_, bytes_;
  std::chrono::milliseconds patience_;
  bool limits_;
  std::optional<Time> excess_since_;
};

}  // namespace ws::protocol
