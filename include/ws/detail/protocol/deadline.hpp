// A deadline that can be paused.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace ws::protocol {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Returns true if the limit means "no deadline": zero, or more than a hundred years. The clock could not represent a
// longer one.
constexpr bool IsNever(std::chrono::milliseconds limit) noexcept {
  return limit == limit.zero() || limit > std::chrono::hours(24 * 36525);
}

// Returns now + limit, or Time::max() if the limit means "no deadline". A negative limit counts as expired: the result
// is now.
constexpr Time DeadlineAfter(Time now, std::chrono::milliseconds limit) noexcept {
  return IsNever(limit) ? Time::max() : now + std::max(limit, limit.zero());
}

// Measures whether an operation has exceeded its time limit. Time does not count while the deadline is paused. Not
// thread-safe.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds limit) : limit_(IsNever(limit) ? Duration::zero() : limit) {}

  // Starts with the full limit, also if the deadline is running or paused already.
  void Start(Time now) noexcept {
    left_ = limit_;
    since_ = now;
    state_ = State::Running;
  }
  // Starts with the full limit, unless the deadline is running or paused already.
  void StartOnce(Time now) noexcept {
    if (state_ == State::Off) Start(now);
  }
  void Stop() noexcept { state_ = State::Off; }

  void Pause(Time now) noexcept {
    if (state_ != State::Running) return;
    left_ -= std::min(left_, now - since_);
    state_ = State::Paused;
  }
  void Resume(Time now) noexcept {
    if (state_ != State::Paused) return;
    since_ = now;
    state_ = State::Running;
  }

  bool HasPassed(Time now) const noexcept { return now >= Expiry(); }
  // Returns the time at which the deadline passes. Time::max() if it is off, paused or has no limit.
  Time Expiry() const noexcept {
    return state_ == State::Running && limit_ != Duration::zero() ? since_ + left_ : Time::max();
  }

 private:
  enum class State : unsigned char { Off, Running, Paused };

  Duration limit_;
  Duration left_{};
  Time since_{};
  State state_ = State::Off;
};

}  // namespace ws::protocol
