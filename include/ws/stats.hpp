// Counters of a connection, and the result of a message to many connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ws/error.hpp"

namespace ws {

// Counters of one connection.
struct ConnectionStats {
  std::size_t queued_messages = 0;  // in the write queue
  std::size_t queued_bytes = 0;     // payload bytes of the queued messages
  std::uint64_t messages_in = 0;    // data messages received
  std::uint64_t messages_out = 0;   // data messages written to the socket
  std::uint64_t bytes_in = 0;       // payload bytes received
  std::uint64_t bytes_out = 0;      // payload bytes written to the socket
  std::uint64_t dropped = 0;        // messages that were refused or dropped: the queue was full
  std::optional<std::chrono::microseconds> round_trip = {};  // of the last ping that was answered
};

// The result of a message to many connections. Each connection is counted once.
struct BroadcastResult {
  std::size_t queued = 0;   // connections that have the message in their write queue
  std::size_t dropped = 0;  // connections whose write queue was full
  std::size_t closed = 0;   // connections that were closing, or were closed by Overflow::Close
  Error error = {};         // InvalidEvent if the event name is invalid; then no connection gets the message
};

}  // namespace ws
