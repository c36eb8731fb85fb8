// What an HTTP request must be to become a WebSocket.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/detail/protocol/origin.hpp"
#include "ws/http.hpp"

namespace ws::protocol {

// A plain HTTP answer instead of the 101; the text is what the client's author reads.
struct Refusal {
  unsigned status = 400;
  std::string text;
};

// PROTOCOL.md 8. `check` decides for an Origin that is neither the same host nor listed; it may be empty.
struct UpgradeRules {
  const std::vector<std::string>& allowed_origins;
  const std::vector<std::string>& allowed_hosts;
  const std::function<bool(std::string_view, const HttpRequest&)>& check_origin;
};

// Whether one of the headers of that name lists the token: a list may be split (RFC 9110 5.3).
inline bool Lists(const HttpRequest& request, std::string_view name, std::string_view token) noexcept {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return EqualsIgnoringCase(header.first, name) && HasToken(header.second, token);
  });
}

inline bool IsUpgrade(const HttpRequest& request) noexcept {
  return Lists(request, "Upgrade", "websocket") && Lists(request, "Connection", "upgrade");
}

// 16 bytes in base64: 22 characters, of which the last holds two bits, and "==" (RFC 6455 4.1).
constexpr bool IsWebSocketKey(std::string_view key) noexcept {
  constexpr std::string_view last = "AQgw";
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == 24 && std::all_of(key.begin(), key.begin() + 22, is_base64) && key.ends_with("==") &&
         last.find(key[21]) != last.npos;
}

// RFC 9112 3.2: what is wrong with the Host header, or null. HTTP/1.0 may do without one.
inline const char* WhyNoHost(const HttpRequest& request) {
  const std::size_t hosts = request.Count("Host");
  if (hosts != 1) return hosts == 0 && request.version < 11 ? nullptr : "exactly one Host header is needed";
  const std::string_view host = request.Header("Host");
  return host.empty() || ParseAuthority(host) ? nullptr
                                              : "the Host header must be a host, and a port where one is meant";
}

inline std::optional<Refusal> CheckForm(const HttpRequest& request) {
  if (request.version < 11) return Refusal{400, "WebSocket needs HTTP/1.1"};
  if (request.method != "GET") return Refusal{405, "a WebSocket is opened with GET"};
  if (const char* why = WhyNoHost(request)) return Refusal{400, why};
  if (request.Count("Content-Length") != 0 || request.Count("Transfer-Encoding") != 0 || !request.body.empty()) {
    return Refusal{400, "an upgrade request has no body"};
  }
  if (!IsUpgrade(request)) return Refusal{426, "this path speaks WebSocket: Upgrade and Connection headers are needed"};
  if (request.Count("Sec-WebSocket-Version") != 1 || request.Header("Sec-WebSocket-Version") != "13") {
    return Refusal{426, "the WebSocket version must be 13"};
  }
  if (request.Count("Sec-WebSocket-Key") != 1 || !IsWebSocketKey(request.Header("Sec-WebSocket-Key"))) {
    return Refusal{400, "Sec-WebSocket-Key must be 16 bytes in base64"};
  }
  return std::nullopt;
}

// The first rule that the request breaks, or nothing.
inline std::optional<Refusal> CheckUpgrade(const HttpRequest& request, const UpgradeRules& rules) {
  if (auto refusal = CheckForm(request)) return refusal;
  if (!rules.allowed_hosts.empty() && !IsListedHost(request.Header("Host"), rules.allowed_hosts)) {
    return Refusal{403, "this Host is not served here"};
  }
  const std::size_t origins = request.Count("Origin");
  if (origins == 0) return std::nullopt;
  const std::string_view origin = request.Header("Origin");
  const bool allowed =
      origins == 1 && (IsSameHost(origin, request.Header("Host")) || IsListedOrigin(origin, rules.allowed_origins) ||
                       (rules.check_origin && rules.check_origin(origin, request)));
  if (!allowed) return Refusal{403, "this Origin may not connect"};
  return std::nullopt;
}

// The first of the server's protocols that the client offers; empty where none is in common.
inline std::string_view ChooseSubprotocol(const HttpRequest& request, const std::vector<std::string>& ours) {
  for (const std::string& protocol : ours) {
    for (const auto& [name, value] : request.headers) {
      if (!EqualsIgnoringCase(name, "Sec-WebSocket-Protocol")) continue;
      bool offered = false;
      ForEachToken(value, [&](std::string_view token) { offered = offered || token == protocol; });
      if (offered) return protocol;
    }
  }
  return {};
}

}  // namespace ws::protocol
