#include "ws/detail/protocol/client_upgrade.hpp"

#include <functional>

#include "support/catch.hpp"
#include "ws/detail/protocol/upgrade_check.hpp"

using namespace ws::protocol;
using ws::HttpResponse;

namespace {

HttpResponse ValidResponse() {
  return {
      101, {{"upgrade", "WebSocket"}, {"connection", "keep-alive, Upgrade"}, {"Sec-WebSocket-Accept", "accepted"}}, {}};
}

HandshakeOptions Options() {
  return {*ParseUrl("ws://host:1/path"), {{"Authorization", "x"}}, {"chat", "json"}, true};
}

// Returns the error, or an empty text if the response is valid.
std::string FindError(const HttpResponse& response, const HandshakeOptions& options = Options()) {
  const auto result = CheckUpgradeResponse(response, options, "accepted");
  const auto* error = std::get_if<std::string>(&result);
  return error != nullptr ? *error : "";
}

}  // namespace

TEST_CASE("A key is 16 bytes in base64") {
  CHECK(MakeWebSocketKey({}) == "AAAAAAAAAAAAAAAAAAAAAA==");
  CHECK(MakeWebSocketKey({'t', 'h', 'e', ' ', 's', 'a', 'm', 'p', 'l', 'e', ' ', 'n', 'o', 'n', 'c', 'e'}) ==
        "dGhlIHNhbXBsZSBub25jZQ==");
  std::array<unsigned char, 16> bytes{};
  bytes.fill(0xFF);
  CHECK(MakeWebSocketKey(bytes) == "/////////////////////w==");
  CHECK(IsWebSocketKey(MakeWebSocketKey(bytes)));
}

TEST_CASE("Our request passes our own checks") {
  const auto request = MakeUpgradeRequest(Options(), MakeWebSocketKey({}));
  const std::vector<std::string> none;
  CHECK_FALSE(CheckUpgradeRequest(request, {none, none, {}}));
  CHECK(request.Header("Authorization") == "x");
  CHECK(
      Serialize(request) ==
      "GET /path HTTP/1.1\r\nHost: host:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: chat, json\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\nAuthorization: x\r\n\r\n");
}

TEST_CASE("The application may not set headers of the handshake or headers with line breaks") {
  CHECK(IsAllowedRequestHeader("Cookie", "a=b; c=\xC3\xA9"));
  CHECK(IsAllowedRequestHeader("Origin", "https://a"));
  for (const auto name : {"", "Host", "upgrade", "Sec-WebSocket-Key", "sec-websocket-x", "Content-Length", "a:b", "a b",
                          "a\r\nb", "a(b", "a\x7F", "\xC3\xA9"})
    CHECK_FALSE(IsAllowedRequestHeader(name, "x"));
  CHECK_FALSE(IsAllowedRequestHeader("X", "a\r\nInjected: b"));
  CHECK_FALSE(IsAllowedRequestHeader("X", std::string_view("a\0b", 3)));
}

TEST_CASE("A valid response gives the subprotocol and the extension that the server chose") {
  HttpResponse response = ValidResponse();
  response.headers.emplace_back("Sec-WebSocket-Protocol", "json");
  response.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover");
  const auto result = CheckUpgradeResponse(response, Options(), "accepted");
  const auto* success = std::get_if<HandshakeResult>(&result);
  REQUIRE(success != nullptr);
  CHECK(success->subprotocol == "json");
  CHECK(success->deflate);
  CHECK(FindError(ValidResponse()).empty());
}

TEST_CASE("Parameters of permessage-deflate must be valid in a response (RFC 7692), and each may appear only once") {
  for (const auto* parameters :
       {"", ";server_no_context_takeover", "; client_no_context_takeover; server_max_window_bits=9",
        "; server_max_window_bits = 15 ", "; server_max_window_bits=\"10\""})
    CHECK(AreValidDeflateParameters(parameters));
  for (const auto* parameters :
       {";client_max_window_bits", ";client_max_window_bits=8", ";nonsense", ";server_max_window_bits",
        ";server_max_window_bits=7", ";server_max_window_bits=99", ";server_no_context_takeover=1",
        ";server_no_context_takeover;server_no_context_takeover", ";server_no_context_takeover, permessage-deflate",
        ";", "; ", ";;server_no_context_takeover", ";server_no_context_takeover;", ";server_max_window_bits=\"\"",
        ";server_max_window_bits=\"10", ";server_no_context_takeover=\"\""})
    CHECK_FALSE(AreValidDeflateParameters(parameters));
}

TEST_CASE("An invalid response is rejected") {
  const std::function<void(HttpResponse&)> break_rule = GENERATE(values<void (*)(HttpResponse&)>({
      [](HttpResponse& response) { response.status = 200; },
      [](HttpResponse& response) { response.status = 301; },
      [](HttpResponse& response) { response.headers[0].second = "h2c"; },
      [](HttpResponse& response) { response.headers.emplace_back("Upgrade", "h2c"); },
      [](HttpResponse& response) { response.headers[1].second = "close"; },
      [](HttpResponse& response) { response.headers[2].second = "Accepted"; },
      [](HttpResponse& response) { response.headers.pop_back(); },
      [](HttpResponse& response) { response.headers.push_back(response.headers[2]); },
      [](HttpResponse& response) { response.headers.emplace_back("Sec-WebSocket-Protocol", "other"); },
      [](HttpResponse& response) { response.headers.emplace_back("Sec-WebSocket-Extensions", "x-other"); },
      [](HttpResponse& response) {
        response.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate");
      },
  }));
  HttpResponse response = ValidResponse();
  break_rule(response);
  CHECK_FALSE(FindError(response).empty());
}

TEST_CASE("An extension that was not offered is rejected") {
  HttpResponse response = ValidResponse();
  response.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  HandshakeOptions options = Options();
  options.deflate = false;
  CHECK_FALSE(FindError(response, options).empty());
}
