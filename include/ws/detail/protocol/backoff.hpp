// How long a client waits before it dials again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ws::protocol {

// Full jitter, PROTOCOL.md 9: random(0, min(cap, base * 2^attempt)). Randomness and time are passed in.
class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  explicit Backoff(Milliseconds base = Milliseconds(500), Milliseconds cap = std::chrono::seconds(30),
                   Milliseconds stable = std::chrono::seconds(30))
      : base_(base), cap_(cap), stable_(stable) {}

  // The next wait; `fraction` is uniform in [0, 1].
  Milliseconds Next(double fraction) noexcept {
    const Milliseconds ceiling = Ceiling();
    ++attempt_;
    if (fraction >= 1) return ceiling;  // whose double may be more than a count can be
    return Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(ceiling.count()) * std::max(fraction, 0.0)));
  }
  // The longest that Next may answer now.
  Milliseconds Ceiling() const noexcept {
    Milliseconds ceiling = base_;
    for (unsigned doubled = 0; doubled < attempt_; ++doubled) {
      if (ceiling > cap_ / 2) return cap_;  // without overflow
      ceiling *= 2;
    }
    return std::min(ceiling, cap_);
  }
  // A connection ended after so long: only a stable one starts the count anew.
  void Ended(std::chrono::steady_clock::duration lasted) noexcept {
    if (std::chrono::duration_cast<Milliseconds>(lasted) >= stable_) attempt_ = 0;  // without overflow
  }
  unsigned Attempt() const noexcept { return attempt_; }

 private:
  Milliseconds base_;
  Milliseconds cap_;
  Milliseconds stable_;
  unsigned attempt_ = 0;
};

}  // namespace ws::protocol
