// Sends one message to several connections.
#pragma once

#include <vector>

#include "hub/registry.hpp"
#include "ws/stats.hpp"

namespace ws::hub {

// Queues the same frame on every member. If a queue is full, the member's own policy decides.
BroadcastResult FanOut(const std::vector<ConnectionPtr>& members, const protocol::FramePtr& frame,
                       Error (Connection::*emit)(protocol::FramePtr));

}  // namespace ws::hub
