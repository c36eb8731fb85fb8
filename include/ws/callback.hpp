// How a callback is named and ordered.
#pragma once

#include <cstdint>

namespace ws {

// Names one registration; Off takes it. A default one names nothing.
enum class CallbackId : std::uint64_t { None = 0 };

// Whether a callback waits for its turn.
enum class Order {
  Sequential,  // one message at a time, as they came
  Concurrent   // at once, beside everything else; its messages count against the inbound bound until it has returned
};

}  // namespace ws
