#include "hub/fan_out.hpp"

namespace ws::hub {

BroadcastResult FanOut(const std::vector<ConnectionPtr>& members, const protocol::FramePtr& frame,
                       Error (Connection::*emit)(protocol::FramePtr)) {
  BroadcastResult result;
  for (const ConnectionPtr& member : members) {
    const Error error = (*member.*emit)(frame);
    if (!error) {
      ++result.queued;
    } else if (error == Errc::Closed || member->IsClosing()) {
      ++result.closed;
    } else {
      ++result.dropped;
    }
  }
  return result;
}

}  // namespace ws::hub
