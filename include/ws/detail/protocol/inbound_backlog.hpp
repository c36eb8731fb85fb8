// Limits the received messages that wait for callbacks.
#pragma once

#include <cstddef>

namespace ws::protocol {

// Counts the messages and bytes that wait for callbacks. The reader pauses above the high-water mark and resumes below
// the low-water mark (protocol.md, section 5). Not thread-safe.
class InboundBacklog {
 public:
  InboundBacklog(std::size_t max_messages, std::size_t max_bytes)
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  void Add(std::size_t messages, std::size_t bytes) noexcept {
    messages_ += messages;
    bytes_ += bytes;
  }
  void Release(std::size_t messages, std::size_t bytes) noexcept {
    messages_ -= messages;
    bytes_ -= bytes;
  }

  // Returns true if the reader must pause. The high-water mark is the maximum given to the constructor. It is twice as
  // high while we wait for replies to our own requests, so that the replies can arrive.
  bool IsAboveHighWaterMark(bool requests_open) const noexcept {
    const std::size_t factor = requests_open ? 2 : 1;
    return messages_ >= factor * max_messages_ || bytes_ >= factor * max_bytes_;
  }
  // Returns true if a paused reader may resume: at most half of the maximum is left.
  bool IsBelowLowWaterMark() const noexcept { return messages_ <= max_messages_ / 2 && bytes_ <= max_bytes_ / 2; }

  std::size_t Messages() const noexcept { return messages_; }
  std::size_t Bytes() const noexcept { return bytes_; }

 private:
  std::size_t max_messages_;
  std::size_t max_bytes_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ws::protocol
