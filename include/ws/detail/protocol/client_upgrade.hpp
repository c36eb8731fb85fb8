// The client's side of the opening handshake, RFC 6455 section 4.1.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ws/detail/protocol/ascii.hpp"
#include "ws/detail/protocol/url.hpp"
#include "ws/http.hpp"

namespace ws::protocol {

// The parameters of the client's opening handshake.
struct HandshakeOptions {
  Url url;
  HttpHeaders headers = {};  // additional headers from the application
  std::vector<std::string> subprotocols = {};
  bool deflate = false;
};

// The result of the opening handshake: the subprotocol and the extension that the server has selected.
struct HandshakeResult {
  std::string subprotocol = {};
  bool deflate = false;
};

// Returns a Sec-WebSocket-Key: the 16 bytes in base64. The bytes must be random.
inline std::string MakeWebSocketKey(const std::array<unsigned char, 16>& bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string key;
  for (std::size_t index = 0; index < bytes.size(); index += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? unsigned{bytes[at]} : 0U; };
    const unsigned group = byte(index) << 16 | byte(index + 1) << 8 | byte(index + 2);
    for (int shift = 18; shift >= 0; shift -= 6) key += letters[group >> shift & 63U];
  }
  return key.replace(22, 2, "==");
}

// Returns true if the application may add this header to the request: the value is one line, and the handshake does not
// set the header itself.
inline bool IsAllowedRequestHeader(std::string_view name, std::string_view value) {
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F'; };
  constexpr std::string_view reserved[] = {"Host", "Connection", "Upgrade", "Content-Length", "Transfer-Encoding"};
  return IsToken(name) && std::none_of(value.begin(), value.end(), is_control) &&
         !EqualsIgnoringCase(name.substr(0, 14), "Sec-WebSocket-") &&
         std::none_of(std::begin(reserved), std::end(reserved),
                      [&](auto one) { return EqualsIgnoringCase(name, one); });
}

inline HttpRequest MakeUpgradeRequest(const HandshakeOptions& options, std::string key) {
  HttpRequest request;
  request.method = "GET";
  request.target = options.url.target;
  request.secure = options.url.secure;
  request.headers = {{"Host", options.url.authority},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", std::move(key)}};
  std::string subprotocols;
  for (const std::string& one : options.subprotocols) subprotocols += (subprotocols.empty() ? "" : ", ") + one;
  if (!subprotocols.empty()) request.headers.emplace_back("Sec-WebSocket-Protocol", subprotocols);
  if (options.deflate) {
    // No parameters: we never compress what we send, so our own window needs no negotiation.
    request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  }
  request.headers.insert(request.headers.end(), options.headers.begin(), options.headers.end());
  return request;
}

inline std::string Serialize(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text += "\r\n";
}

// Returns true if the server may answer our offer of permessage-deflate without parameters by these parameters (RFC
// 7692 section 7.1). `parameters` is the text after the extension's name: each parameter has a semicolon before it, and
// a value may be quoted (RFC 6455 section 9.1).
inline bool AreValidDeflateParameters(std::string_view parameters) {
  std::vector<std::string_view> seen;
  while (!parameters.empty()) {
    parameters.remove_prefix(1);  // the semicolon
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view one = Trim(parameters.substr(0, end));
    parameters.remove_prefix(end);
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view name = Trim(one.substr(0, equals));
    std::string_view value = Trim(one.substr(std::min(equals + 1, one.size())));
    if (value.size() > 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return false;
    seen.push_back(name);
    const bool is_flag = name == "server_no_context_takeover" || name == "client_no_context_takeover";
    constexpr std::string_view widths[] = {"8", "9", "10", "11", "12", "13", "14", "15"};
    const bool is_width =
        name == "server_max_window_bits" && std::find(std::begin(widths), std::end(widths), value) != std::end(widths);
    if (!is_width && !(is_flag && equals == one.size())) return false;
  }
  return true;
}

// Checks the server's response. Returns the result of the handshake, or the reason for which it failed, for the log.
// `accept` is the expected value of Sec-WebSocket-Accept.
inline std::variant<HandshakeResult, std::string> CheckUpgradeResponse(const HttpResponse& response,
                                                                       const HandshakeOptions& options,
                                                                       std::string_view accept) {
  if (response.status != 101) return "the server responded with status " + std::to_string(response.status);
  std::vector<std::string_view> upgrades, accepts, extensions, subprotocols;
  bool connection = false;
  for (const auto& [name, value] : response.headers) {
    const auto is = [&name = name](std::string_view wanted) { return EqualsIgnoringCase(name, wanted); };
    if (is("Upgrade")) upgrades.push_back(value);
    if (is("Connection")) connection = connection || HasToken(value, "upgrade");
    if (is("Sec-WebSocket-Accept")) accepts.push_back(value);
    if (is("Sec-WebSocket-Extensions")) extensions.push_back(value);
    if (is("Sec-WebSocket-Protocol")) subprotocols.push_back(value);
  }
  if (upgrades.size() != 1 || !EqualsIgnoringCase(upgrades[0], "websocket") || !connection)
    return "the response does not have the Upgrade and Connection headers of a WebSocket";
  if (accepts.size() != 1 || accepts[0] != accept) return "the response's Sec-WebSocket-Accept is wrong";
  HandshakeResult result;
  if (!extensions.empty()) {
    const std::size_t semicolon = std::min(extensions[0].find(';'), extensions[0].size());
    const bool is_deflate = extensions.size() == 1 && Trim(extensions[0].substr(0, semicolon)) == "permessage-deflate";
    if (!options.deflate || !is_deflate || !AreValidDeflateParameters(extensions[0].substr(semicolon)))
      return "the response has an extension that was not offered";
    result.deflate = true;
  }
  if (!subprotocols.empty()) {
    result.subprotocol = subprotocols[0];
    const bool is_offered = std::find(options.subprotocols.begin(), options.subprotocols.end(), result.subprotocol) !=
                            options.subprotocols.end();
    if (subprotocols.size() != 1 || !is_offered) return "the response has a subprotocol that was not offered";
  }
  return result;
}

}  // namespace ws::protocol
