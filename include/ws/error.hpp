// The errors that verbs return to their caller. An error that a peer gets is a Failure.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>
#include <type_traits>

namespace ws {

// The result of a verb. Converts to false on success.
using Error = boost::system::error_code;

// The library's own errors.
enum class Errc {
  Closed = 1,       // the connection is closing, or has ended
  QueueFull,        // the write queue, or the queue of callers that wait for it, has no room
  TooLarge,         // the message is larger than Options::max_outbound_bytes
  InvalidEvent,     // the event name is reserved, empty, or longer than 256 bytes
  TimedOut,         // the reply to a request did not arrive in time
  Cancelled,        // the wait was cancelled
  WouldDeadlock,    // a callback cannot wait for the end of its own connection
  TooManyRequests,  // Options::max_open_requests are open already
  RemoteError,      // the peer answered a request with an error
  Refused,          // the handshake was answered with an HTTP error
  HandshakeTimeout  // the handshake took longer than Options::handshake_timeout
};

// The error category "ws".
const boost::system::error_category& Category() noexcept;

// Lets an Errc convert to an Error.
inline Error make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), Category()};
}

}  // namespace ws

template <>
struct boost::system::is_error_code_enum<ws::Errc> : std::true_type {};
