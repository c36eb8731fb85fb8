// The policy for a full write queue, and the rate limit for inbound messages.
#pragma once

#include <chrono>
#include <cstddef>

namespace ws {

// The effect of Emit if the write queue is full.
enum class Overflow {
  Refuse,      // Emit returns QueueFull, and the message is not queued
  DropOldest,  // the oldest message that Emit queued is dropped
  Close        // the connection is closed with 1013 (EndReason::SlowConsumer)
};

// Limits the messages and bytes that a peer may send, for servers with unknown clients. The averages are per
// second; an average of zero is no limit. A burst is the amount that may arrive at once; a burst of zero is one
// second's amount. The connection is read more slowly if the peer exceeds the limit.
struct RateLimit {
  std::size_t messages_per_second = 0;
  std::size_t burst_messages = 0;
  std::size_t bytes_per_second = 0;  // payload bytes
  std::size_t burst_bytes = 0;
  // The connection is closed with 1013 if the peer has been slowed down for this long. Time without slowing reduces the
  // count.
  std::chrono::milliseconds grace_period = std::chrono::seconds(10);
};

}  // namespace ws
