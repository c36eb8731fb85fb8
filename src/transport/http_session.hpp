// An accepted socket until it is a WebSocket or closed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "transport/site.hpp"
#include "transport/stream_socket.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws::transport {

// Reads requests: plain ones are answered, one that asks for a WebSocket becomes a connection. Runs on the socket's
// executor, which one thread runs.
boost::asio::awaitable<void> ServePlain(std::shared_ptr<const Site> site, StreamSocket socket,
                                        std::shared_ptr<Sessions::Ticket> ticket);

// Says 503 and closes.
boost::asio::awaitable<void> TurnAway(StreamSocket socket, std::shared_ptr<Sessions::Ticket> ticket);

#if WS_HAS_TLS
// OpenSSL keeps what it needs of the context.
boost::asio::awaitable<void> ServeTls(std::shared_ptr<const Site> site, StreamSocket socket,
                                      boost::asio::ssl::context& context, std::shared_ptr<Sessions::Ticket> ticket);
#endif

}  // namespace ws::transport
