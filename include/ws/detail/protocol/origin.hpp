// Checks of the Origin and Host headers.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/detail/protocol/ascii.hpp"

namespace ws::protocol {

// A host and a port. An IPv6 address keeps its brackets ("[::1]"). The port is empty if the text has none.
struct Authority {
  std::string_view host;
  std::string_view port;
};

// Parses "host", "host:port" or "[v6]:port". Returns nullopt for any other text.
constexpr std::optional<Authority> ParseAuthority(std::string_view text) noexcept {
  std::size_t colon = text.npos;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == text.npos) return std::nullopt;
    if (bracket + 1 < text.size()) colon = bracket + 1;
  } else {
    colon = text.find(':');
  }
  Authority result{text.substr(0, colon), {}};
  if (colon != text.npos) {
    if (text[colon] != ':') return std::nullopt;
    result.port = text.substr(colon + 1);
    if (result.port.size() > 5 ||
        !std::all_of(result.port.begin(), result.port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      return std::nullopt;
    }
  }
  if (result.host.empty() || result.host.find_first_of("/@?# \t") != text.npos) return std::nullopt;
  return result;
}

// Returns true if a serialised origin (RFC 6454 section 6.2) has the same host and port as the Host header. The scheme
// provides the default port but is not compared, because a proxy may terminate TLS.
constexpr bool IsSameHost(std::string_view origin, std::string_view host_header) noexcept {
  std::string_view default_port;
  for (const auto& [scheme, port] :
       {std::pair<std::string_view, std::string_view>{"http://", "80"}, {"https://", "443"}}) {
    if (!EqualsIgnoringCase(origin.substr(0, scheme.size()), scheme)) continue;
    origin.remove_prefix(scheme.size());
    default_port = port;
    break;
  }
  if (default_port.empty()) return false;
  const auto page = ParseAuthority(origin);
  const auto host = ParseAuthority(host_header);
  if (!page || !host) return false;
  const auto port = [&](const Authority& one) { return one.port.empty() ? default_port : one.port; };
  return EqualsIgnoringCase(page->host, host->host) && port(*page) == port(*host);
}

// Returns true if a browser can send the text as an Origin: "null", or scheme and host without a path and without the
// scheme's default port (RFC 6454 section 6.2). A web view can send a custom scheme without a host, for example
// "file://".
constexpr bool IsOrigin(std::string_view text) noexcept {
  if (text == "null") return true;
  const std::size_t end = text.find("://");
  if (end == text.npos || end == 0 || text.find('*') != text.npos) return false;
  if (EqualsIgnoringCase(text.substr(0, end), "ws") || EqualsIgnoringCase(text.substr(0, end), "wss")) return false;
  const bool http = EqualsIgnoringCase(text.substr(0, end), "http"),
             https = EqualsIgnoringCase(text.substr(0, end), "https");
  const std::string_view host = text.substr(end + 3);
  if (host.empty()) return !http && !https;
  const auto authority = ParseAuthority(host);
  return authority && !(http && authority->port == "80") && !(https && authority->port == "443");
}

// Returns true if the list contains the origin. "*" in the list matches every origin.
inline bool IsListedOrigin(std::string_view origin, const std::vector<std::string>& allowed) noexcept {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const std::string& one) { return one == "*" || EqualsIgnoringCase(one, origin); });
}

// Returns true if the list contains the host: "name" allows any port, "name:port" only that port. A Host header without
// a port matches "name:80" and "name:443": browsers omit the default port of the scheme, and the scheme is unknown here
// because a proxy may terminate TLS.
inline bool IsListedHost(std::string_view host_header, const std::vector<std::string>& allowed) noexcept {
  const auto host = ParseAuthority(host_header);
  if (!host) return false;
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
    const auto listed = ParseAuthority(one);
    if (!listed || !EqualsIgnoringCase(listed->host, host->host)) return false;
    const bool is_default = host->port.empty() && (listed->port == "80" || listed->port == "443");
    return listed->port.empty() || listed->port == host->port || is_default;
  });
}

}  // namespace ws::protocol
