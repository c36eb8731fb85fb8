// Whether the peer is still there.
#pragma once

#include <algorithm>

#include "ws/detail/protocol/deadline.hpp"

namespace ws::protocol {

// PROTOCOL.md 6: silence asks for a ping, longer silence means dead. Stands still while nothing is read.
class Heartbeat {
 public:
  enum class Verdict { Alive, SendPing, Dead };

  Heartbeat(std::chrono::milliseconds ping_interval, std::chrono::milliseconds idle_timeout, Time now)
      : ping_(ping_interval), dead_(idle_timeout) {
    Heard(now);
  }

  // Some octet arrived.
  void Heard(Time now) noexcept {
    ping_.Start(now);
    dead_.Start(now);
  }
  void Pause(Time now) noexcept {
    ping_.Pause(now);
    dead_.Pause(now);
  }
  void Resume(Time now) noexcept {
    ping_.Resume(now);
    dead_.Resume(now);
  }

  // SendPing is said once for each silence.
  Verdict Check(Time now) noexcept {
    if (dead_.HasPassed(now)) return Verdict::Dead;
    if (!ping_.HasPassed(now)) return Verdict::Alive;
    ping_.Stop();
    return Verdict::SendPing;
  }
  Time Next() const noexcept { return std::min(ping_.At(), dead_.At()); }

 private:
  Deadline ping_;
  Deadline dead_;
};

}  // namespace ws::protocol
