// The client's side of the opening handshake, RFC 6455 section 4.1.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "transport/codec.hpp"
#include "ws/detail/protocol/client_upgrade.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// The server's answer to a client's handshake.
struct ClientHandshakeResult {
  Error error = {};     // Refused if the answer is not a valid 101
  unsigned status = 0;  // the HTTP status if it is not 101
  std::string subprotocol = {};
  std::string leftover = {};  // bytes that were read after the response
};

// Sends the request and checks the answer. `log` gets the reason of a refusal. The arguments must outlive the run.
boost::asio::awaitable<ClientHandshakeResult> RunClientHandshakeAsync(ByteStream& stream, Codec& codec,
                                                                      const protocol::HandshakeOptions& options,
                                                                      const std::function<void(std::string_view)>& log);

}  // namespace ws::transport
