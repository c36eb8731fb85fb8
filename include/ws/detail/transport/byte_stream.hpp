// What the library needs of a transport, whatever its type.
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

// Interface of a byte stream. Everything is called, and completes, on one strand; never inline. At most one read
// and one write are under way, and the stream lives until both have completed. AdaptStream makes one of whatever
// models Beast's AsyncStream.
class ByteStream {
 public:
  using ReadHandler = boost::asio::any_completion_handler<void(Error, std::string_view)>;
  using WriteHandler = boost::asio::any_completion_handler<void(Error, std::size_t)>;
  using DoneHandler = boost::asio::any_completion_handler<void(Error)>;
  using Buffers = std::span<const boost::asio::const_buffer>;

  virtual ~ByteStream() = default;

  // Completes with what arrived. The bytes are valid only until the handler returns.
  virtual void AsyncRead(ReadHandler handler) = 0;
  // Writes what the transport takes at once, which may be nothing.
  virtual std::size_t WriteNow(Buffers buffers, Error& error) = 0;
  // Completes when the transport took something. The buffers stay valid until then.
  virtual void AsyncWriteSome(Buffers buffers, WriteHandler handler) = 0;
  // Ends a read under way with an error.
  virtual void CancelRead() = 0;
  // Ends our side and waits until the peer has ended its own. No read or write is under way.
  virtual void AsyncShutdown(DoneHandler handler) = 0;
  // Ends everything at once; what is under way completes with an error.
  virtual void Close() noexcept = 0;
};

// Who is at the other end.
struct RemoteEndpoint {
  std::string address = {};
  std::uint16_t port = 0;
};

}  // namespace ws
