#include <ostream>  // see connection/asio_compat.hpp

#include "transport/client_handshake.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <random>
#include <utility>

#include "transport/accept_key.hpp"
#include "transport/stream_io.hpp"

namespace ws::transport {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t max_response_bytes = 8192;

std::string MakeRandomKey() {
  std::random_device random;
  std::array<unsigned char, 16> bytes;
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<unsigned char>(random()); });
  return protocol::MakeWebSocketKey(bytes);
}

// Parses the header of a response.
Error ParseResponse(std::string_view text, HttpResponse& response) {
  http::response_parser<http::empty_body> parser;
  parser.header_limit(max_response_bytes);
  parser.body_limit(boost::none);  // the body is not read
  Error error;
  parser.put(asio::buffer(text.data(), text.size()), error);
  if (error && error != http::error::unexpected_body) return error;
  response = {parser.get().result_int(), {}, {}};
  for (const auto& field : parser.get()) response.headers.emplace_back(field.name_string(), field.value());
  return {};
}

// Reads a response, and leaves the bytes after it in `input`. Skips interim responses (RFC 9110 section 15.2).
asio::awaitable<Error> ReadResponseAsync(ByteStream& stream, std::string& input, HttpResponse& response) {
  do {
    std::size_t end = input.npos;
    while ((end = input.find("\r\n\r\n")) == input.npos) {
      if (input.size() > max_response_bytes) co_return http::error::header_limit;
      const auto [error, data] = co_await ReadSomeAsync(stream);
      if (error) co_return error;
      input += data;
    }
    end += 4;
    if (const Error error = ParseResponse(std::string_view(input).substr(0, end), response)) co_return error;
    input.erase(0, end);
  } while (response.status / 100 == 1 && response.status != 101);
  co_return Error();
}

}  // namespace

asio::awaitable<ClientHandshakeResult> RunClientHandshakeAsync(ByteStream& stream, Codec& codec,
                                                               const protocol::HandshakeOptions& options,
                                                               const std::function<void(std::string_view)>& log) {
  ClientHandshakeResult result;
  const std::string key = MakeRandomKey();
  const std::string request = protocol::Serialize(protocol::MakeUpgradeRequest(options, key));
  result.error = co_await WriteAllAsync(stream, request);
  HttpResponse response;
  if (!result.error) result.error = co_await ReadResponseAsync(stream, result.leftover, response);
  if (result.error) co_return result;
  const auto checked = protocol::CheckUpgradeResponse(response, options, AcceptKey(key));
  if (const auto* why = std::get_if<std::string>(&checked)) {
    log(*why);
    if (response.status != 101) result.status = response.status;
    result.error = Errc::Refused;
    co_return result;
  }
  const auto& agreed = std::get<protocol::HandshakeResult>(checked);
  result.subprotocol = agreed.subprotocol;
  protocol::HandshakeOptions accepted{.url = options.url};
  accepted.deflate = agreed.deflate;
  std::string ignored;
  result.error = codec.Accept(protocol::MakeUpgradeRequest(accepted, key), {}, ignored);
  co_return result;
}

}  // namespace ws::transport
