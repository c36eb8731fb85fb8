// Reads the header and the body of an HTTP request from any stream.
#pragma once

#include <ostream>  // see connection/asio_compat.hpp

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string_view>

#include "ws/error.hpp"

namespace ws::http {

// The maximum size of the request line and the headers together. The read buffer holds 4096 bytes more.
constexpr std::uint32_t max_header_bytes = 8192;

// Reads once into the free space of the buffer. Returns buffer_overflow if there is none.
template <class Stream>
boost::asio::awaitable<Error> ReadMore(Stream& stream, boost::beast::flat_buffer& buffer) {
  constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
  if (buffer.size() == buffer.max_size()) co_return boost::beast::http::error::buffer_overflow;
  const auto room = buffer.prepare(buffer.max_size() - buffer.size());
  const auto [error, size] = co_await stream.async_read_some(room, token);
  buffer.commit(size);
  co_return error;
}

// Reads until the header is complete. Beast's parser does not read by itself for two reasons: after a line that ends
// without CR it waits for a line with CR, and its header limit excludes the request line. Here such a line is an error
// at once, and the limit includes the request line.
template <class Stream>
boost::asio::awaitable<Error> ReadHeader(Stream& stream, boost::beast::flat_buffer& buffer) {
  namespace bhttp = boost::beast::http;
  std::size_t checked = 0;
  for (;;) {
    const std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
    const std::size_t end = text.find("\r\n\r\n");
    for (; checked < std::min(end, text.size()); ++checked) {
      if (text[checked] == '\n' && (checked == 0 || text[checked - 1] != '\r')) co_return bhttp::error::bad_line_ending;
    }
    const bool is_complete = end != text.npos;
    if (is_complete ? end + 4 > max_header_bytes : text.size() >= max_header_bytes)
      co_return bhttp::error::header_limit;
    if (is_complete) co_return Error();
    const Error error = co_await ReadMore(stream, buffer);
    if (error == boost::asio::error::eof) co_return bhttp::error::end_of_stream;
    if (error) co_return error;
  }
}

// Reads until the parser, which has the header already, has the whole body. Beast's own read loop may give the parser a
// part of the last chunk, which fails an assertion of Beast and ends the process.
template <class Stream>
boost::asio::awaitable<Error> ReadBody(Stream& stream, boost::beast::flat_buffer& buffer,
                                       boost::beast::http::request_parser<boost::beast::http::string_body>& parser) {
  namespace bhttp = boost::beast::http;
  constexpr std::size_t min_last_chunk_bytes = 5;  // "0\r\n\r\n"
  const std::size_t min_bytes = parser.chunked() ? min_last_chunk_bytes : 1;
  parser.eager(true);
  bool needs_more = false;
  while (!parser.is_done()) {
    if (needs_more || buffer.size() < min_bytes) {
      const Error error = co_await ReadMore(stream, buffer);
      if (error == boost::asio::error::eof) co_return bhttp::error::partial_message;
      if (error) co_return error;
    }
    needs_more = false;
    if (buffer.size() < min_bytes) continue;
    Error error;
    buffer.consume(parser.put(buffer.data(), error));
    needs_more = error == bhttp::error::need_more;
    if (error && !needs_more) co_return error;
  }
  co_return Error();
}

}  // namespace ws::http
