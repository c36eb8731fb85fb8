// The delay before a client reconnects.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ws::protocol {

// Exponential backoff with full jitter (protocol.md, section 9): random(0, min(cap, base * 2^attempt)). The caller
// passes in the random number and the time. Not thread-safe.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Backoff(Milliseconds base = Milliseconds(500), Milliseconds cap = std::chrono::seconds(30),
                   Milliseconds stable = std::chrono::seconds(30))
      : base_(base), cap_(cap), stable_(stable) {}

  // Returns the next delay and counts the attempt. `fraction` is a random number, uniform in [0, 1].
  Milliseconds Next(double fraction) noexcept {
    const Milliseconds ceiling = Ceiling();
    ++attempt_;
    if (fraction >= 1) return ceiling;  // as a double it may exceed the range of the count
    return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(ceiling.count()) * std::max(fraction, 0.0)));
  }
  // Returns the longest delay that Next can return now.
  Milliseconds Ceiling() const noexcept {
    Milliseconds ceiling = base_;
    for (unsigned doubled = 0; doubled < attempt_; ++doubled) {
      if (ceiling > cap_ / 2) return cap_;  // doubling could overflow
      ceiling *= 2;
    }
    return std::min(ceiling, cap_);
  }
  // Resets the count of attempts if the connection lasted long enough to be stable.
  void OnConnectionEnded(std::chrono::steady_clock::duration lasted) noexcept {
    if (std::chrono::duration_cast<Milliseconds>(lasted) >= stable_)
      attempt_ = 0;  // stable_ in the clock's unit could overflow
  }
  unsigned Attempt() const noexcept { return attempt_; }

 private:
  Milliseconds base_;
  Milliseconds cap_;
  Milliseconds stable_;
  unsigned attempt_ = 0;
};

}  // namespace ws::protocol
