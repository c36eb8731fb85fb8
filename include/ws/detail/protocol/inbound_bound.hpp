// How much may wait for callbacks before the socket is no longer read.
#pragma once

#include <cstddef>

namespace ws::protocol {

// PROTOCOL.md 5. Not thread-safe.
class InboundBound {
 public:
  InboundBound(std::size_t max_messages, std::size_t max_bytes) : max_messages_(max_messages), max_bytes_(max_bytes) {}

  void Add(std::size_t messages, std::size_t bytes) noexcept {
    messages_ += messages;
    bytes_ += bytes;
  }
  void Release(std::size_t messages, std::size_t bytes) noexcept {
    messages_ -= messages;
    bytes_ -= bytes;
  }

  // Whether reading stops here. While requests of ours are open it goes on to twice the bound, so that their
  // replies get through.
  bool Full(bool requests_open) const noexcept {
    const std::size_t factor = requests_open ? 2 : 1;
    return messages_ >= factor * max_messages_ || bytes_ >= factor * max_bytes_;
  }
  // Whether reading that had stopped may go on.
  bool HalfDone() const noexcept { return messages_ <= max_messages_ / 2 && bytes_ <= max_bytes_ / 2; }

  std::size_t Messages() const noexcept { return messages_; }
  std::size_t Bytes() const noexcept { return bytes_; }

 private:
  std::size_t max_messages_;
  std::size_t max_bytes_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ws::protocol
