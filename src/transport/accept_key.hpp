// The Sec-WebSocket-Accept header of a server's handshake.
#pragma once

#include <string>
#include <string_view>

namespace ws::transport {

// Returns the value of Sec-WebSocket-Accept (RFC 6455 section 4.2.2) for a Sec-WebSocket-Key of 24 characters.
std::string AcceptKey(std::string_view key);

}  // namespace ws::transport
