// The library's interface to a transport.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ws/error.hpp"

namespace ws {

// Interface of a byte stream. All functions are called on one strand, and handlers run on that strand, never before the
// function returns. At most one read and one write run at a time, and the stream must live until both have completed.
// AdaptStream makes a ByteStream from any type that models Beast's AsyncStream.
class ByteStream {
 public:
  using ReadHandler = boost::asio::any_completion_handler<void(Error, std::string_view)>;
  using WriteHandler = boost::asio::any_completion_handler<void(Error, std::size_t)>;
  using DoneHandler = boost::asio::any_completion_handler<void(Error)>;
  using Buffers = std::span<const boost::asio::const_buffer>;

  virtual ~ByteStream() = default;

  // Completes with the received bytes, which are valid only until the handler returns.
  virtual void AsyncRead(ReadHandler handler) = 0;
  // Writes as much as the transport accepts without waiting, and returns the number of bytes, which may be zero.
  virtual std::size_t WriteNow(Buffers buffers, Error& error) = 0;
  // Completes when at least one byte was written. The buffers must stay valid until then.
  virtual void AsyncWriteSome(Buffers buffers, WriteHandler handler) = 0;
  // Completes a running read with an error. A running write may fail too.
  virtual void CancelRead() = 0;
  // Shuts down our side, and completes when the peer has shut down its own. No read or write may be running.
  virtual void AsyncShutdown(DoneHandler handler) = 0;
  // Closes the transport at once. A running operation completes with an error.
  virtual void Close() noexcept = 0;
};

// The address of the peer.
struct RemoteEndpoint {
  std::string address = {};
  std::uint16_t port = 0;
};

}  // namespace ws
