// The server's checks of an upgrade request, RFC 6455 section 4.2.1.
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

// The HTTP response to a rejected upgrade request. The text is a message for the developer of the client.
struct UpgradeRejection {
  unsigned status = 400;
  std::string text;
};

// The server's rules for upgrade requests (protocol.md, section 8). `check_origin` decides about an Origin that is
// neither the same host nor in the list; it may be empty.
struct UpgradeRules {
  const std::vector<std::string>& allowed_origins;
  const std::vector<std::string>& allowed_hosts;
  const std::function<bool(std::string_view, const HttpRequest&)>& check_origin;
};

// Returns true if one of the headers with this name contains the token. A list may be split into several headers (RFC
// 9110 section 5.3).
inline bool HasHeaderToken(const HttpRequest& request, std::string_view name, std::string_view token) noexcept {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return EqualsIgnoringCase(header.first, name) && HasToken(header.second, token);
  });
}

inline bool IsUpgradeRequest(const HttpRequest& request) noexcept {
  return HasHeaderToken(request, "Upgrade", "websocket") && HasHeaderToken(request, "Connection", "upgrade");
}

// Returns true for 16 bytes in base64 (RFC 6455 section 4.1): 22 characters, of which the last has two bits, and "==".
constexpr bool IsWebSocketKey(std::string_view key) noexcept {
  constexpr std::string_view last = "AQgw";
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  };
  return key.size() == 24 && std::all_of(key.begin(), key.begin() + 22, is_base64) && key.ends_with("==") &&
         last.find(key[21]) != last.npos;
}

// Returns the error in the Host header, or null if it is valid (RFC 9112 section 3.2). HTTP/1.0 may omit the header.
inline const char* FindHostError(const HttpRequest& request) {
  const std::size_t hosts = request.Count("Host");
  if (hosts != 1) return hosts == 0 && request.version < 11 ? nullptr : "exactly one Host header is needed";
  const std::string_view host = request.Header("Host");
  return host.empty() || ParseAuthority(host) ? nullptr : "the Host header must be a host with an optional port";
}

// Checks the rules of RFC 6455 section 4.2.1, which no option changes.
inline std::optional<UpgradeRejection> CheckOpeningHandshake(const HttpRequest& request) {
  if (request.version < 11) return UpgradeRejection{400, "WebSocket needs HTTP/1.1"};
  if (request.method != "GET") return UpgradeRejection{405, "a WebSocket is opened with GET"};
  if (const char* error = FindHostError(request)) return UpgradeRejection{400, error};
  if (request.Count("Content-Length") != 0 || request.Count("Transfer-Encoding") != 0 || !request.body.empty()) {
    return UpgradeRejection{400, "an upgrade request has no body"};
  }
  if (!IsUpgradeRequest(request))
    return UpgradeRejection{426,
                            "this path accepts WebSocket upgrades only: the Upgrade and Connection headers are needed"};
  if (request.Count("Sec-WebSocket-Version") != 1 || request.Header("Sec-WebSocket-Version") != "13") {
    return UpgradeRejection{426, "the WebSocket version must be 13"};
  }
  if (request.Count("Sec-WebSocket-Key") != 1 || !IsWebSocketKey(request.Header("Sec-WebSocket-Key"))) {
    return UpgradeRejection{400, "Sec-WebSocket-Key must be 16 bytes in base64"};
  }
  return std::nullopt;
}

// Returns the rejection for the first rule that the request violates, or nullopt if the request is accepted.
inline std::optional<UpgradeRejection> CheckUpgradeRequest(const HttpRequest& request, const UpgradeRules& rules) {
  if (auto rejection = CheckOpeningHandshake(request)) return rejection;
  if (!rules.allowed_hosts.empty() && !IsListedHost(request.Header("Host"), rules.allowed_hosts)) {
    return UpgradeRejection{403, "this Host is not served here"};
  }
  const std::size_t origins = request.Count("Origin");
  if (origins == 0) return std::nullopt;
  const std::string_view origin = request.Header("Origin");
  const bool allowed =
      origins == 1 && (IsSameHost(origin, request.Header("Host")) || IsListedOrigin(origin, rules.allowed_origins) ||
                       (rules.check_origin && rules.check_origin(origin, request)));
  if (!allowed) return UpgradeRejection{403, "this Origin may not connect"};
  return std::nullopt;
}

// Returns the first of the server's subprotocols that the client offers, or an empty text if there is none.
inline std::string_view ChooseSubprotocol(const HttpRequest& request, const std::vector<std::string>& supported) {
  for (const std::string& protocol : supported) {
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
