// How a registration is named, and how it may run.
#pragma once

#include <cstdint>

namespace ws {

// Names one registration; Off takes it. A default one names nothing.
enum class Token : std::uint64_t { None = 0 };

// Whether a callback waits for its turn.
enum class Order {
  Arrival,  // one message at a time, as they came
  None      // at once, beside everything else; its messages count against the inbound bound until it has returned
};

}  // namespace ws
