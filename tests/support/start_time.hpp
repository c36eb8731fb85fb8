// A fixed start time for tests that pass the time to the code under test.
#pragma once

#include "ws/detail/protocol/deadline.hpp"

namespace ws::test {

// Not the epoch, because a time of zero may have a meaning of its own.
inline constexpr protocol::Time start = protocol::Time() + std::chrono::hours(1);

}  // namespace ws::test
