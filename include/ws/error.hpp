// What a verb can answer to its own caller; what a peer is told is a Failure.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>
#include <type_traits>

namespace ws {

// The result of a verb: false where all went well.
using Error = boost::system::error_code;

// The library's own errors; PROTOCOL: "Errors that the local caller sees".
enum class Errc {
  Closed = 1,       // the connection is closing or over
  QueueFull,        // the write queue, or the line of those who wait for it, has no room
  TooLarge,         // the message is larger than the write queue's bound in bytes
  InvalidEvent,     // the event's name is reserved, empty or longer than 256 bytes
  TimedOut,         // a request's deadline passed
  Cancelled,        // the waiting caller was cancelled
  WouldDeadlock,    // a callback waits for the end of its own connection
  TooManyRequests,  // as many requests are open as the options allow
  RemoteError,      // the peer answered a request with an error
  Refused,          // the upgrade was refused with an HTTP answer
  HandshakeTimeout  // the handshake did not end within its deadline
};

// The category "ws", for printing and comparing.
const boost::system::error_category& Category() noexcept;

// Found by argument-dependent lookup when an Errc converts to an Error.
inline Error make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), Category()};
}

}  // namespace ws

template <>
struct boost::system::is_error_code_enum<ws::Errc> : std::true_type {};
