// Reads from and writes to a byte stream in a coroutine.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <string_view>
#include <utility>

#include "connection/asio_compat.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// Writes the buffers as far as the stream takes them. Returns the error and the number of bytes.
inline auto WriteSomeAsync(ByteStream& stream, ByteStream::Buffers buffers) {
  auto write = [&stream, buffers](auto handler) { stream.AsyncWriteSome(buffers, std::move(handler)); };
  return boost::asio::async_initiate<decltype(connection::as_tuple), void(Error, std::size_t)>(write,
                                                                                               connection::as_tuple);
}

// Writes all of a text, which must live until then.
inline boost::asio::awaitable<Error> WriteAllAsync(ByteStream& stream, std::string_view text) {
  Error error;
  boost::asio::const_buffer buffer(text.data(), text.size());
  const ByteStream::Buffers buffers(&buffer, 1);
  buffer += stream.WriteNow(buffers, error);
  while (!error && buffer.size() != 0) {
    const auto [write_error, written] = co_await WriteSomeAsync(stream, buffers);
    error = write_error;
    buffer += written;
  }
  co_return error;
}

// Waits for bytes. They are valid until the next suspension.
inline auto ReadSomeAsync(ByteStream& stream) {
  auto read = [&stream](auto handler) { stream.AsyncRead(std::move(handler)); };
  return boost::asio::async_initiate<decltype(connection::as_tuple), void(Error, std::string_view)>(
      read, connection::as_tuple);
}

}  // namespace ws::transport
