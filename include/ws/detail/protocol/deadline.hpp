// A clock that can stand still.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace ws::protocol {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Whether a limit means never: zero, or more than a hundred years, which the clock could not count.
constexpr bool IsNever(std::chrono::milliseconds limit) noexcept {
  return limit == limit.zero() || limit > std::chrono::hours(24 * 36525);
}

// The moment so much later; Time::max() for never. A negative limit has passed already.
constexpr Time Later(Time now, std::chrono::milliseconds limit) noexcept {
  return IsNever(limit) ? Time::max() : now + std::max(limit, limit.zero());
}

// When something that began must have ended. Not thread-safe.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds limit) : limit_(IsNever(limit) ? Duration::zero() : limit) {}

  // Begins anew, whether or not it runs.
  void Start(Time now) noexcept {
    left_ = limit_;
    since_ = now;
    state_ = State::Running;
  }
  // Begins unless it runs or stands already.
  void StartOnce(Time now) noexcept {
    if (state_ == State::Off) Start(now);
  }
  void Stop() noexcept { state_ = State::Off; }

  void Pause(Time now) noexcept {
    if (state_ != State::Running) return;
    left_ -= std::min(left_, now - since_);
    state_ = State::Standing;
  }
  void Resume(Time now) noexcept {
    if (state_ != State::Standing) return;
    since_ = now;
    state_ = State::Running;
  }

  bool HasPassed(Time now) const noexcept { return now >= At(); }
  // Time::max() while it is off or stands.
  Time At() const noexcept {
    return state_ == State::Running && limit_ != Duration::zero() ? since_ + left_ : Time::max();
  }

 private:
  enum class State : unsigned char { Off, Running, Standing };

  Duration limit_;
  Duration left_{};
  Time since_{};
  State state_ = State::Off;
};

}  // namespace ws::protocol
