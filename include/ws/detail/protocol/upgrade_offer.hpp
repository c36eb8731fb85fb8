// The client's side of the opening handshake, RFC 6455 4.1.
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

// What a client asks for.
struct UpgradeOffer {
  Url url;
  HttpHeaders headers = {};  // of the application's own
  std::vector<std::string> subprotocols = {};
  bool deflate = false;
};

// What it was granted.
struct UpgradeGrant {
  std::string subprotocol = {};
  bool deflate = false;
};

// A Sec-WebSocket-Key of 16 bytes, which are to be random.
inline std::string MakeKey(const std::array<unsigned char, 16>& bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string key;
  for (std::size_t index = 0; index < bytes.size(); index += 3) {
    const auto byte = [&](std::size_t at) { return at < bytes.size() ? unsigned{bytes[at]} : 0U; };
    const unsigned group = byte(index) << 16 | byte(index + 1) << 8 | byte(index + 2);
    for (int shift = 18; shift >= 0; shift -= 6) key += letters[group >> shift & 63U];
  }
  return key.replace(22, 2, "==");
}

// Whether a header of the application's own may stand in the request: it is one line, and not the handshake's.
inline bool IsOfferable(std::string_view name, std::string_view value) {
  const auto breaks = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7F'; };
  constexpr std::string_view ours[] = {"Host", "Connection", "Upgrade", "Content-Length", "Transfer-Encoding"};
  return IsToken(name) && std::none_of(value.begin(), value.end(), breaks) &&
         !EqualsIgnoringCase(name.substr(0, 14), "Sec-WebSocket-") &&
         std::none_of(std::begin(ours), std::end(ours), [&](auto one) { return EqualsIgnoringCase(name, one); });
}

inline HttpRequest MakeUpgradeRequest(const UpgradeOffer& offer, std::string key) {
  HttpRequest request;
  request.method = "GET";
  request.target = offer.url.target;
  request.secure = offer.url.secure;
  request.headers = {{"Host", offer.url.authority},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", std::move(key)}};
  std::string subprotocols;
  for (const std::string& one : offer.subprotocols) subprotocols += (subprotocols.empty() ? "" : ", ") + one;
  if (!subprotocols.empty()) request.headers.emplace_back("Sec-WebSocket-Protocol", subprotocols);
  if (offer.deflate) {
    // What we send is not compressed, so nothing is agreed on for it.
    request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  }
  request.headers.insert(request.headers.end(), offer.headers.begin(), offer.headers.end());
  return request;
}

inline std::string Serialize(const HttpRequest& request) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text.append(name).append(": ").append(value).append("\r\n");
  return text += "\r\n";
}

// Whether what stands behind the name of permessage-deflate may be answered to an offer without parameters, RFC
// 7692 7.1, each with its semicolon; the form is that of RFC 6455 9.1, where a value may be quoted.
inline bool AreDeflateParameters(std::string_view parameters) {
  std::vector<std::string_view> seen;
  while (!parameters.empty()) {
    parameters.remove_prefix(1);  // a semicolon stands before each
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

// What the server granted, or why its answer is none: a text for the log.
inline std::variant<UpgradeGrant, std::string> JudgeAnswer(const HttpResponse& answer, const UpgradeOffer& offer,
                                                           std::string_view accept) {
  if (answer.status != 101) return "the server answered " + std::to_string(answer.status);
  std::vector<std::string_view> upgrades, accepts, extensions, subprotocols;
  bool connection = false;
  for (const auto& [name, value] : answer.headers) {
    const auto is = [&name = name](std::string_view wanted) { return EqualsIgnoringCase(name, wanted); };
    if (is("Upgrade")) upgrades.push_back(value);
    if (is("Connection")) connection = connection || HasToken(value, "upgrade");
    if (is("Sec-WebSocket-Accept")) accepts.push_back(value);
    if (is("Sec-WebSocket-Extensions")) extensions.push_back(value);
    if (is("Sec-WebSocket-Protocol")) subprotocols.push_back(value);
  }
  if (upgrades.size() != 1 || !EqualsIgnoringCase(upgrades[0], "websocket") || !connection)
    return "the answer's Upgrade and Connection headers are none of a WebSocket";
  if (accepts.size() != 1 || accepts[0] != accept) return "the answer's Sec-WebSocket-Accept is wrong";
  UpgradeGrant grant;
  if (!extensions.empty()) {
    const std::size_t semicolon = std::min(extensions[0].find(';'), extensions[0].size());
    const bool ours = extensions.size() == 1 && Trim(extensions[0].substr(0, semicolon)) == "permessage-deflate";
    if (!offer.deflate || !ours || !AreDeflateParameters(extensions[0].substr(semicolon)))
      return "the answer has an extension that was not offered";
    grant.deflate = true;
  }
  if (!subprotocols.empty()) {
    grant.subprotocol = subprotocols[0];
    const bool ours =
        std::find(offer.subprotocols.begin(), offer.subprotocols.end(), grant.subprotocol) != offer.subprotocols.end();
    if (subprotocols.size() != 1 || !ours) return "the answer has a subprotocol that was not offered";
  }
  return grant;
}

}  // namespace ws::protocol
