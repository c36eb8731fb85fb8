// The types of SendQueue: messages, limits and results.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ws/detail/protocol/frame.hpp"
#include "ws/limits.hpp"

namespace ws::protocol {

// The function that queued a message. It determines how the message may be admitted and dropped.
enum class MessageSource : std::uint8_t {
  Emit,       // may be refused or dropped, as the overflow policy says
  EmitAsync,  // waits for room and is never dropped; fills at most half of the queue
  Protocol    // replies, errors, `$pong` and requests; never dropped
};

// A message to send.
struct Outgoing {
  FramePtr frame;
  MessageSource source = MessageSource::Emit;
  bool from_callback = false;  // queued while a callback of this connection ran

  std::size_t Size() const noexcept { return frame->Payload().size(); }
};

struct SendLimits {
  std::size_t max_messages = 256;
  std::size_t max_bytes = std::size_t{4} << 20;
  Overflow overflow = Overflow::Refuse;
  std::size_t max_waiters = 1024;  // their messages together may have at most max_bytes
};

// The result of queueing a message.
enum class Admission {
  Queued,
  Full,        // refused: no room in the queue, or too many waiters
  TooLarge,    // refused: larger than max_bytes
  Overflowed,  // refused: no room, and the policy is to close the connection
  Waiting      // not queued yet: the message must wait for room
};

// The number and size of some of the messages in a queue.
struct QueueUsage {
  std::size_t messages = 0;
  std::size_t bytes = 0;

  void Add(std::size_t size) noexcept { ++messages, bytes += size; }
  void Remove(std::size_t size) noexcept { --messages, bytes -= size; }
  // Returns true if one more message of `size` bytes stays within the limits.
  bool Fits(std::size_t size, std::size_t max_messages, std::size_t max_bytes) const noexcept {
    return messages < max_messages && size <= max_bytes - std::min(max_bytes, bytes);
  }
};

}  // namespace ws::protocol
