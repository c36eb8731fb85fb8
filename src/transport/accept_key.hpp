// What answers the key of an upgrade request.
#pragma once

#include <string>
#include <string_view>

namespace ws::transport {

// The Sec-WebSocket-Accept of RFC 6455 4.2.2, for a key of 24 characters.
std::string AcceptKey(std::string_view key);

}  // namespace ws::transport
