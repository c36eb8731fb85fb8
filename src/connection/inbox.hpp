// The messages that a connection has received and not handled yet: their bound, and the pause of the reader.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ws/detail/protocol/inbound_backlog.hpp"
#include "ws/stats.hpp"

namespace ws::connection {

// Counts the messages that wait for callbacks, decides when the reader pauses and resumes, and limits the rate of error
// events. Pure; not thread-safe.
class Inbox {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Inbox(std::size_t max_messages, std::size_t max_bytes) : backlog_(max_messages, max_bytes) {}

  // Messages were received; some of them wait for callbacks.
  struct Received {
    std::uint64_t messages = 0, bytes = 0;
    std::size_t waiting_messages = 0, waiting_bytes = 0;
  };
  void Add(const Received& received) noexcept {
    messages_in_ += received.messages;
    bytes_in_ += received.bytes;
    backlog_.Add(received.waiting_messages, received.waiting_bytes);
  }
  // A reply waits for its request's callback.
  void AddReply(std::size_t bytes) noexcept { backlog_.Add(1, bytes); }
  // One message or reply has been handled.
  void Release(std::size_t bytes) noexcept { backlog_.Release(1, bytes); }

  // Returns true if the reader must pause. While requests are open the bound is twice as high, so that replies get
  // through. `congested` means that the write queue is over its bound with replies.
  bool ShouldPauseReading(bool requests_open, bool congested) noexcept {
    if (backlog_.IsAboveHighWaterMark(requests_open)) {
      pause_ = ReadPause::Inbound;
    } else {
      pause_ = congested ? ReadPause::WriteQueue : ReadPause::None;
    }
    return pause_ != ReadPause::None;
  }
  // Returns true once for each pause, as soon as the reader may resume: the backlog is below its low-water mark, and
  // the write queue is not congested.
  bool ShouldResumeReading(bool requests_open, bool congested) noexcept {
    if (pause_ == ReadPause::None || congested) return false;
    const bool has_room = backlog_.IsBelowLowWaterMark() || (requests_open && !backlog_.IsAboveHighWaterMark(true));
    if (pause_ == ReadPause::Inbound && !has_room) return false;
    pause_ = ReadPause::None;
    return true;
  }

  // Returns true if an error event may be sent now: at most one a second, so that a peer that sends many invalid
  // messages does not get an answer to each.
  bool AllowError(Time now) noexcept {
    if (last_error_ && now - *last_error_ < std::chrono::seconds(1)) return false;
    last_error_ = now;
    return true;
  }

  void AddTo(ConnectionStats& stats) const noexcept {
    stats.messages_in = messages_in_;
    stats.bytes_in = bytes_in_;
  }

 private:
  enum class ReadPause : std::uint8_t { None, Inbound, WriteQueue };

  protocol::InboundBacklog backlog_;
  ReadPause pause_ = ReadPause::None;
  std::optional<Time> last_error_;
  std::uint64_t messages_in_ = 0, bytes_in_ = 0;
};

}  // namespace ws::connection
