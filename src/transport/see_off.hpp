// The end of a stream whose peer is to read our last words.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// Ends our side, and closes the stream when the peer has ended its own, or after so long.
boost::asio::awaitable<void> SeeOff(std::shared_ptr<ByteStream> stream, std::chrono::seconds patience);

}  // namespace ws::transport
