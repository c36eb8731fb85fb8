// Counters: of a connection, and of a message to many.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ws/error.hpp"

namespace ws {

struct ConnectionStats {
  std::size_t queued_messages = 0;                           // accepted and not yet handed to the socket
  std::size_t queued_bytes = 0;                              // payload bytes of those
  std::uint64_t messages_in = 0;                             // data messages, whatever became of them
  std::uint64_t messages_out = 0;                            // data messages handed to the socket
  std::uint64_t bytes_in = 0;                                // payload bytes
  std::uint64_t bytes_out = 0;                               // payload bytes
  std::uint64_t dropped = 0;                                 // what Emit refused or dropped for want of room
  std::optional<std::chrono::microseconds> round_trip = {};  // of the newest ping that was answered
};

// Counts members, each once.
struct BroadcastResult {
  std::size_t queued = 0;   // it is in their queue
  std::size_t dropped = 0;  // their queue had no room for it
  std::size_t closed = 0;   // they were closing, or their policy closed them for want of room
  Error error = {};         // InvalidEvent: nobody gets it
};

}  // namespace ws
