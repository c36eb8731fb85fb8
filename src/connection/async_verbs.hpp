// The verbs of a connection that a coroutine can await.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "connection/connection.hpp"

namespace ws::connection {

// Waits for room in the write queue, and queues the frame.
boost::asio::awaitable<Error> EmitAsync(std::shared_ptr<Connection> connection, protocol::FramePtr frame);

boost::asio::awaitable<Reply> RequestAsync(std::shared_ptr<Connection> connection, PreparedRequest request,
                                           std::chrono::milliseconds timeout);

// Completes when the transport has ended.
boost::asio::awaitable<Error> DisconnectedAsync(std::shared_ptr<Connection> connection);

// Completes when `disconnect` has returned. Fails with WouldDeadlock in one of the connection's own callbacks.
boost::asio::awaitable<Error> FinishedAsync(std::shared_ptr<Connection> connection);

}  // namespace ws::connection
