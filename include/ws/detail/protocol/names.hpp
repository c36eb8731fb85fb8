// Rules for event names (protocol.md, section 2).
#pragma once

#include <cstddef>
#include <string_view>

#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// The longest event name, in bytes.
inline constexpr std::size_t max_event_bytes = 256;

// Returns true for the two lifecycle events. They are local and are never sent.
inline bool IsLifecycle(std::string_view name) {
  return name == "connect" || name == "disconnect";
}

// Returns true if a message from the peer may not have this name: lifecycle events, and `$` names that the protocol
// does not define.
inline bool IsReservedFromPeer(std::string_view name) {
  if (IsLifecycle(name)) return true;
  return name.starts_with('$') && name != "$ping" && name != "$pong" && name != "$ack";
}

// Returns true if a local caller may emit an event with this name. The length limit applies to the name as sent, after
// invalid UTF-8 has been replaced.
inline bool IsEmittable(std::string_view name) {
  if (name.empty() || name.size() > max_event_bytes || name.starts_with('$') || IsLifecycle(name)) return false;
  return IsValidUtf8(name) || ReplaceInvalidUtf8(name).size() <= max_event_bytes;
}

}  // namespace ws::protocol
