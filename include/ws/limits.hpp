// The policy of a full write queue, and the limit on what a peer sends.
#pragma once

#include <chrono>
#include <cstddef>

namespace ws {

// What Emit does when the write queue is full.
enum class Overflow {
  Refuse,      // answers QueueFull; the message is not queued
  DropOldest,  // drops the oldest message that Emit queued
  Close        // closes the connection with 1013 (slow_consumer)
};

// Averages, and what may come at once (what passes that is still read, and then it is waited); an average of zero is no
// limit, a burst of zero one second's worth. For those who serve strangers.
struct RateLimit {
  std::size_t messages_per_second = 0;
  std::size_t burst_messages = 0;
  std::size_t bytes_per_second = 0;  // of payload
  std::size_t burst_bytes = 0;
  std::chrono::milliseconds grace_period = std::chrono::seconds(10);  // held back, less the time not, before the close
};

}  // namespace ws
