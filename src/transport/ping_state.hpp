// Pings and pongs, RFC 6455 section 5.5.2 and 5.5.3.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ws/detail/protocol/deadline.hpp"

namespace ws::transport {

// The pings of both sides. Pure: time is passed in. Not thread-safe.
class PingState {
 public:
  using Time = protocol::Time;

  // The peer has sent a ping. Only the newest one is answered (RFC 6455 section 5.5.3 allows that).
  void OnPing(std::string_view payload) { pong_ = payload; }
  bool HasPong() const noexcept { return pong_.has_value(); }
  // The payload of a pong that is to be sent.
  std::optional<std::string> PopPong() { return std::exchange(pong_, std::nullopt); }

  void RequestPing() noexcept { ping_due_ = true; }
  bool IsPingDue() const noexcept { return ping_due_; }
  // The payload of the ping that is due. It is sent now.
  std::string PopPing(Time now) {
    ping_due_ = false;
    sent_at_ = now;
    return std::to_string(++number_);
  }
  // The round-trip time, if the pong answers our newest ping.
  std::optional<protocol::Duration> OnPong(std::string_view payload, Time now) const noexcept {
    std::uint64_t number = 0;
    const char* const end = payload.data() + payload.size();
    const auto [stop, error] = std::from_chars(payload.data(), end, number);
    if (error != std::errc() || stop != end || number != number_) return std::nullopt;
    return now - sent_at_;
  }

 private:
  std::optional<std::string> pong_;
  bool ping_due_ = false;
  Time sent_at_{};
  std::uint64_t number_ = 0;
};

}  // namespace ws::transport
