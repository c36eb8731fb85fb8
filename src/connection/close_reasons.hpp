// The close codes and texts of connections that the library ends.
#pragma once

#include "ws/close_reason.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::connection {

// True if we closed deliberately: the write queue is flushed, and undelivered messages are discarded.
constexpr bool IsGraceful(EndReason reason) noexcept {
  return reason == EndReason::LocalClose || reason == EndReason::Shutdown || reason == EndReason::Unauthorized;
}

// The reason with the close code and text that the peer gets (protocol.md, "Closing").
inline CloseReason MakeCloseReason(EndReason reason) {
  namespace close_code = protocol::close_code;
  switch (reason) {
    case EndReason::Shutdown:
      return {reason, close_code::going_away, "the server is shutting down", false, {}};
    case EndReason::HeartbeatTimeout:
      return {reason, close_code::timeout, "nothing was received", false, {}};
    case EndReason::Timeout:
      return {reason, close_code::timeout, "the message took too long", false, {}};
    case EndReason::BadMessage:
      return {reason, close_code::policy_violation, "too many malformed messages", false, {}};
    case EndReason::Internal:
      return {reason, close_code::internal_error, {}, false, {}};
    case EndReason::SlowConsumer:
      return {reason, close_code::try_again_later, "the peer reads too slowly", false, {}};
    case EndReason::Stalled:
      return {reason, close_code::try_again_later, "the callbacks are too slow", false, {}};
    case EndReason::RateLimited:
      return {reason, close_code::try_again_later, "the rate limit was exceeded", false, {}};
    default:
      return {reason, close_code::abnormal_closure, {}, false, {}};
  }
}

}  // namespace ws::connection
