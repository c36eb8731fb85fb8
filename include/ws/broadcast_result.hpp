// What became of a message to many.
#pragma once

#include <cstddef>

#include "ws/error.hpp"

namespace ws {

// Counts members, each once.
struct BroadcastResult {
  std::size_t queued = 0;   // it is in their queue
  std::size_t dropped = 0;  // their queue had no room for it
  std::size_t closed = 0;   // they were closing, or their policy closed them for want of room
  Error error = {};         // InvalidEvent: nobody gets it
};

}  // namespace ws
