// Why a connection ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ws/error.hpp"
#include "ws/json.hpp"

namespace ws {

enum class EndReason {
  LocalClose,        // this side called Close
  PeerClose,         // the peer sent a close frame first
  Shutdown,          // the server was stopped
  TransportError,    // the connection broke without a close frame
  HeartbeatTimeout,  // nothing was received for Options::idle_timeout
  Timeout,           // a message took longer than Options::message_timeout to arrive
  ProtocolError,     // the peer violated RFC 6455
  BadMessage,        // the peer sent Options::max_malformed malformed messages in a row
  TooLarge,          // the peer sent a message larger than Options::max_message_bytes
  Internal,          // this side failed, for example for lack of memory
  SlowConsumer,      // the peer did not read: the write queue overflowed, or Options::write_timeout passed
  Stalled,           // the socket was not read for Options::stall_timeout, because callbacks were too slow
  RateLimited,       // the peer exceeded Options::rate_limit for too long
  Unauthorized       // this side called Close with 3000 (unauthorized) or 3003 (forbidden)
};

// The name of the reason on the wire and in logs: "local_close", "peer_close", ...
std::string_view ToString(EndReason reason) noexcept;

// The data of `disconnect`: Json for On, or this type for OnTyped.
struct CloseReason {
  EndReason reason = EndReason::TransportError;
  // The close code (RFC 6455 section 7.4): the peer's if the peer closed, else ours. 1006 if there was no close frame.
  std::uint16_t code = 1006;
  // The text of the close frame, valid UTF-8.
  std::string text = {};
  // True if the peer closed first.
  bool by_peer = false;
  // The error of the transport; empty if there was none.
  Error error = {};
};

// Writes {"reason", "code", "text", "by_peer", "error"}. "error" is a text, empty if there was no error.
void to_json(Json& json, const CloseReason& reason);
// Reads the members that to_json writes, except "error".
void from_json(const Json& json, CloseReason& reason);

}  // namespace ws
