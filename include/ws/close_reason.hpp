// Why a connection ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ws/error.hpp"
#include "ws/json.hpp"

namespace ws {

enum class EndReason {
  LocalClose,        // our Close, but for Unauthorized
  PeerClose,         // the peer's close frame came first
  Shutdown,          // the server drained
  TransportError,    // the connection broke without a close frame
  HeartbeatTimeout,  // nothing was heard for too long
  Timeout,           // a message took too long to arrive
  ProtocolError,     // the peer broke RFC 6455
  BadMessage,        // too many malformed messages in a row
  TooLarge,          // an inbound message over its bound
  Internal,          // we failed
  SlowConsumer,      // the peer does not take what we send
  Stalled,           // callbacks kept the socket from being read for too long
  RateLimited,       // the peer sent too much
  Unauthorized       // access was taken back: our Close with 3000 (who?) or 3003 (may not)
};

// The reason's name on the wire and in logs: "local_close", "peer_close", …
std::string_view ToString(EndReason reason) noexcept;

// What `disconnect` hands over, as data of On or as the type of OnTyped.
struct CloseReason {
  EndReason reason = EndReason::TransportError;
  std::uint16_t code = 1006;  // RFC 6455 7.4; the peer's where it closed, else the one we sent
  std::string text = {};      // the close frame's text, valid UTF-8
  bool by_peer = false;       // whether the peer began the end
  Error error = {};           // the transport's error, where there was one
};

// {"reason","code","text","by_peer","error"}; error is a text, empty where there was none.
void to_json(Json& json, const CloseReason& reason);
// Reads what to_json wrote, but for the error, of which only the text remains in the Json.
void from_json(const Json& json, CloseReason& reason);

}  // namespace ws
