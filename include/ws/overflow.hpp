// The policy of a full write queue.
#pragma once

namespace ws {

// What Emit does when the write queue is full.
enum class Overflow {
  Refuse,      // answers QueueFull; the message is not queued
  DropOldest,  // drops the oldest message that Emit queued
  Close        // closes the connection with 1013 (slow_consumer)
};

}  // namespace ws
