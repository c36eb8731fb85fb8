// A send queue that a few messages fill.
#pragma once

#include <string>

#include "support/catch.hpp"
#include "support/outgoing.hpp"

namespace ws::test {

using Queue = protocol::SendQueue<int>;

/// Limits of eight messages and 800 bytes.
inline protocol::SendLimits Limits(Overflow overflow = Overflow::Refuse) {
  return {8, 800, overflow, 4};
}

/// Emits `count` messages of `size` bytes, named 0, 1, …
inline void Fill(Queue& queue, int count = 8, std::size_t size = 10) {
  for (int i = 0; i < count; ++i)
    REQUIRE(queue.Emit(MakeOutgoing(std::to_string(i), size)) == protocol::Admission::Queued);
}

}  // namespace ws::test
