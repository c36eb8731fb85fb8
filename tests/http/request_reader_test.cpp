// HTTP requests that arrive in chunks of any size.
#include "http/request_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "support/catch.hpp"
#include "support/memory_pair.hpp"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using ws::Error;
using ws::http::ReadBody;
using ws::http::ReadHeader;

namespace {

struct ReadResult {
  Error error = {};
  std::string body = {};
};

asio::awaitable<ReadResult> ReadRequest(ws::test::PipeStream& stream) {
  boost::beast::flat_buffer buffer{ws::http::max_header_bytes + 4096};
  http::request_parser<http::string_body> parser;
  parser.header_limit(ws::http::max_header_bytes);
  ReadResult read;
  read.error = co_await ReadHeader(stream, buffer);
  if (!read.error) buffer.consume(parser.put(buffer.data(), read.error));
  if (!read.error) read.error = co_await ReadBody(stream, buffer, parser);
  if (!read.error) read.body = std::move(parser.get().body());
  co_return read;
}

// Reads a request that arrives in chunks of at most `size` octets, after which the stream ends.
ReadResult ReadInChunks(const std::string& text, std::size_t size) {
  asio::io_context context;
  ws::test::MemoryPair pair(context.get_executor());
  pair.to_first->LimitTransferSize(size);
  pair.to_first->Append(text);
  pair.to_first->CloseWriter();
  ReadResult read;
  asio::co_spawn(context, ReadRequest(pair.first),
                 [&](std::exception_ptr, ReadResult result) { read = std::move(result); });
  context.run();
  return read;
}

// Returns a request whose header has `size` octets.
std::string RequestOf(std::size_t size) {
  const std::string begin = "GET /" + std::string(4500, 'x') + " HTTP/1.1\r\nX: ";
  return begin + std::string(size - begin.size() - 4, 'y') + "\r\n\r\n";
}

}  // namespace

TEST_CASE("a body is read completely in chunks of any size") {
  const auto size = GENERATE(as<std::size_t>(), 1, 2, 3, 4, 5, 7, 10'000);
  CAPTURE(size);
  const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string end : {"0\r\n\r\n", "00\r\n\r\n", "0;a=b\r\nX: y\r\n\r\n"}) {
    CHECK_FALSE(ReadInChunks(chunked + end, size).error);
    CHECK(ReadInChunks(chunked + "3\r\nabc\r\n1\r\nd\r\n" + end, size).body == "abcd");
  }
  CHECK(ReadInChunks(chunked + "0\r\n", size).error == http::error::partial_message);
  CHECK(ReadInChunks(chunked + "0\r\n\r!", size).error);
  CHECK(ReadInChunks(chunked + "x\r\n\r\n", size).error == http::error::bad_chunk);
  const std::string fixed = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
  CHECK(ReadInChunks(fixed + "abc", size).body == "abc");
  CHECK(ReadInChunks(fixed + "ab", size).error == http::error::partial_message);
  CHECK_FALSE(ReadInChunks("GET / HTTP/1.1\r\n\r\n", size).error);
}

TEST_CASE("the request line and the headers together are limited to 8 KiB, in chunks of any size") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{20'000}}) {
    CAPTURE(size);
    CHECK_FALSE(ReadInChunks(RequestOf(8192), size).error);
    CHECK(ReadInChunks(RequestOf(8193), size).error == http::error::header_limit);
    CHECK(ReadInChunks(RequestOf(9000), size).error == http::error::header_limit);
  }
}
