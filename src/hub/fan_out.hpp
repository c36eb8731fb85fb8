// One message to many.
#pragma once

#include <vector>

#include "hub/registry.hpp"
#include "ws/stats.hpp"

namespace ws::hub {

// The same bytes into every queue; each member's own policy decides what a full one does.
BroadcastResult FanOut(const std::vector<ConnectionPtr>& members, const protocol::FramePtr& frame,
                       Error (Connection::*emit)(protocol::FramePtr));

}  // namespace ws::hub
