// A moment for clocks that are told the time.
#pragma once

#include "ws/detail/protocol/deadline.hpp"

namespace ws::test {

// Not zero.
inline constexpr protocol::Time start = protocol::Time() + std::chrono::hours(1);

}  // namespace ws::test
