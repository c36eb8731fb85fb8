// Which event names belong to whom (PROTOCOL.md 2).
#pragma once

#include <cstddef>
#include <string_view>

#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// The longest name of an event, in bytes.
inline constexpr std::size_t max_event_bytes = 256;

// Tells whether the name is one of the two lifecycle events, which are local and never travel.
inline bool IsLifecycle(std::string_view name) {
  return name == "connect" || name == "disconnect";
}

// Tells whether a peer's message of this name is refused: a lifecycle event, or a `$` name that the protocol
// lacks.
inline bool IsReservedFromPeer(std::string_view name) {
  if (IsLifecycle(name)) return true;
  return name.starts_with('$') && name != "$ping" && name != "$pong" && name != "$ack";
}

// Tells whether a local caller may emit an event of this name. Its length is that on the wire.
inline bool IsEmittable(std::string_view name) {
  if (name.empty() || name.size() > max_event_bytes || name.starts_with('$') || IsLifecycle(name)) return false;
  return IsValidUtf8(name) || ReplaceInvalidUtf8(name).size() <= max_event_bytes;
}

}  // namespace ws::protocol
