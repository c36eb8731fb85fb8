// Closes a stream so that the peer can read the sent bytes.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// Ends our side, waits until the peer has ended its own, at most until the deadline, and closes the stream. No read or
// write is under way.
boost::asio::awaitable<void> LingeringCloseAsync(std::shared_ptr<ByteStream> stream,
                                                 boost::asio::steady_timer::time_point deadline);

}  // namespace ws::transport
