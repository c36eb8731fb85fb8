// A message on its way out, and what becomes of it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ws/detail/protocol/frame.hpp"
#include "ws/limits.hpp"

namespace ws::protocol {

// Who queued a message; it decides what may happen to it.
enum class Origin : std::uint8_t {
  Emit,     // subject to the overflow policy
  Waiting,  // by EmitAsync: never dropped, half of the queue at most
  Protocol  // replies, errors, $pong, requests: always admitted, never dropped
};

struct Outgoing {
  FramePtr frame;
  Origin origin = Origin::Emit;
  bool from_callback = false;  // queued by one of the connection's own callbacks

  std::size_t Size() const noexcept { return frame->Payload().size(); }
};

struct SendLimits {
  std::size_t max_messages = 256;
  std::size_t max_bytes = std::size_t{4} << 20;
  Overflow overflow = Overflow::Refuse;
  std::size_t max_waiters = 1024;  // who together may wait with as many bytes as the queue holds
};

enum class Admission { Queued, Full, TooLarge, Overflowed, Waiting };

// A part of the queue.
struct Share {
  std::size_t messages = 0;
  std::size_t bytes = 0;

  void Add(std::size_t size) noexcept { ++messages, bytes += size; }
  void Remove(std::size_t size) noexcept { --messages, bytes -= size; }
  bool Fits(std::size_t size, std::size_t max_messages, std::size_t max_bytes) const noexcept {
    return messages < max_messages && size <= max_bytes - std::min(max_bytes, bytes);
  }
};

}  // namespace ws::protocol
