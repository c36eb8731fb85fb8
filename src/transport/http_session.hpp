// An accepted socket until it is a WebSocket or closed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "transport/site.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#endif

namespace ws::transport {

// Reads requests: plain ones are answered, one that asks for a WebSocket becomes a connection. Runs on the socket's
// executor, which one thread runs.
boost::asio::awaitable<void> ServeTcp(std::shared_ptr<const Site> site, boost::asio::ip::tcp::socket socket,
                                      std::shared_ptr<Sessions::Ticket> ticket);

// Says 503 and closes.
boost::asio::awaitable<void> TurnAway(boost::asio::ip::tcp::socket socket, std::shared_ptr<Sessions::Ticket> ticket);

#if WS_HAS_TLS
// The context outlives the session's accept; OpenSSL keeps what it needs of it.
boost::asio::awaitable<void> ServeTls(std::shared_ptr<const Site> site, boost::asio::ip::tcp::socket socket,
                                      boost::asio::ssl::context& context, std::shared_ptr<Sessions::Ticket> ticket);
#endif

}  // namespace ws::transport
