// An HTTP request's header and body, read from any stream.
#pragma once

#include <ostream>  // before Beast, whose string_view needs it

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

namespace ws::transport {

// Of the request line and the headers together. The buffer that is read into holds 4096 more.
constexpr std::uint32_t max_header_bytes = 8192;

template <class Stream>
boost::asio::awaitable<Error> ReadMore(Stream& stream, boost::beast::flat_buffer& buffer) {
  constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
  if (buffer.size() == buffer.max_size()) co_return boost::beast::http::error::buffer_overflow;
  const auto room = buffer.prepare(buffer.max_size() - buffer.size());
  const auto [error, size] = co_await stream.async_read_some(room, token);
  buffer.commit(size);
  co_return error;
}

// Until the header is whole. A line that ends without CR is refused as soon as it is seen: Beast's parser would
// wait for one that does; and it counts the request line apart.
template <class Stream>
boost::asio::awaitable<Error> ReadHeader(Stream& stream, boost::beast::flat_buffer& buffer) {
  namespace http = boost::beast::http;
  std::size_t checked = 0;
  for (;;) {
    const std::string_view text(static_cast<const char*>(buffer.data().data()), buffer.size());
    const std::size_t end = text.find("\r\n\r\n");
    for (; checked < std::min(end, text.size()); ++checked) {
      if (text[checked] == '\n' && (checked == 0 || text[checked - 1] != '\r')) co_return http::error::bad_line_ending;
    }
    const bool is_whole = end != text.npos;
    if (is_whole ? end + 4 > max_header_bytes : text.size() >= max_header_bytes) co_return http::error::header_limit;
    if (is_whole) co_return Error();
    const Error error = co_await ReadMore(stream, buffer);
    if (error == boost::asio::error::eof) co_return http::error::end_of_stream;
    if (error) co_return error;
  }
}

// Until the parser, which has the header, has all. Beast's own loop may show the parser the last chunk in part, and
// where assertions are on that ends the process.
template <class Stream>
boost::asio::awaitable<Error> ReadBody(Stream& stream, boost::beast::flat_buffer& buffer,
                                       boost::beast::http::request_parser<boost::beast::http::string_body>& parser) {
  namespace http = boost::beast::http;
  constexpr std::size_t last_chunk_bytes = 5;  // at least: no chunked body ends with less
  const std::size_t least = parser.chunked() ? last_chunk_bytes : 1;
  parser.eager(true);
  bool starved = false;
  while (!parser.is_done()) {
    if (starved || buffer.size() < least) {
      const Error error = co_await ReadMore(stream, buffer);
      if (error == boost::asio::error::eof) co_return http::error::partial_message;
      if (error) co_return error;
    }
    starved = false;
    if (buffer.size() < least) continue;
    Error error;
    buffer.consume(parser.put(buffer.data(), error));
    starved = error == http::error::need_more;
    if (error && !starved) co_return error;
  }
  co_return Error();
}

}  // namespace ws::transport
