// Serves HTTP on an accepted socket until it becomes a WebSocket or is closed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>

#include "http/server_context.hpp"
#include "http/stream_socket.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws::http {

// Reads HTTP requests. Answers plain ones; an upgrade request turns the socket into a connection. Runs on the socket's
// executor, which must be an io_context that one thread runs.
boost::asio::awaitable<void> ServePlain(std::shared_ptr<const ServerContext> server, StreamSocket socket,
                                        std::shared_ptr<SessionRegistry::Ticket> ticket);

// Answers with 503 and closes the socket.
boost::asio::awaitable<void> RejectOverCapacity(StreamSocket socket, std::shared_ptr<SessionRegistry::Ticket> ticket);

#if WS_HAS_TLS
// Like ServePlain, after a TLS handshake. The context may be destroyed during the session: OpenSSL counts references.
boost::asio::awaitable<void> ServeTls(std::shared_ptr<const ServerContext> server, StreamSocket socket,
                                      boost::asio::ssl::context& context,
                                      std::shared_ptr<SessionRegistry::Ticket> ticket);
#endif

}  // namespace ws::http
