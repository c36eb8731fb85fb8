// Detects a dead peer.
#pragma once

#include <algorithm>

#include "ws/detail/protocol/deadline.hpp"

namespace ws::protocol {

// Requests a ping if nothing was received for `ping_interval`, and reports a dead peer after `idle_timeout`
// (protocol.md, section 6). Must be paused while the reader is paused, because nothing can be received then. Not
// thread-safe.
class Heartbeat {
 public:
  enum class Status { Alive, SendPing, Dead };

  Heartbeat(std::chrono::milliseconds ping_interval, std::chrono::milliseconds idle_timeout, Time now)
      : ping_(ping_interval), dead_(idle_timeout) {
    OnBytesReceived(now);
  }

  // Restarts both deadlines.
  void OnBytesReceived(Time now) noexcept {
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

  // Returns SendPing only once until bytes are received again.
  Status Check(Time now) noexcept {
    if (dead_.HasPassed(now)) return Status::Dead;
    if (!ping_.HasPassed(now)) return Status::Alive;
    ping_.Stop();
    return Status::SendPing;
  }
  // Returns the time at which Check can return a new result.
  Time Next() const noexcept { return std::min(ping_.Expiry(), dead_.Expiry()); }

 private:
  Deadline ping_;
  Deadline dead_;
};

}  // namespace ws::protocol
