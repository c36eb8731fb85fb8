// WebSocket URLs, RFC 6455 section 3.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ws/detail/protocol/origin.hpp"

namespace ws::protocol {

// The parts of "ws://host:port/path?query" or "wss://…".
struct Url {
  bool secure = false;
  std::string host = {};       // an IPv6 address without its brackets
  std::string port = {};       // the scheme's default if the URL has none
  std::string authority = {};  // host and port as written, for the Host header
  std::string target = "/";
};

// The characters of a host name.
inline constexpr std::string_view host_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

// Parses a WebSocket URL. Returns nullopt if the scheme is not ws or wss, or if the text has a fragment, a user name or
// a character that must be escaped. Host names are ASCII; an international name must be in Punycode.
inline std::optional<Url> ParseUrl(std::string_view text) {
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos) return std::nullopt;
  url.secure = EqualsIgnoringCase(text.substr(0, scheme), "wss");
  if (!url.secure && !EqualsIgnoringCase(text.substr(0, scheme), "ws")) return std::nullopt;
  text.remove_prefix(scheme + 3);
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7F' && c != '#'; };
  if (!std::all_of(text.begin(), text.end(), is_plain)) return std::nullopt;
  const std::size_t slash = std::min(text.find_first_of("/?"), text.size());
  const auto authority = ParseAuthority(text.substr(0, slash));
  if (!authority || (!authority->port.empty() && std::stoul(std::string(authority->port)) > 65535)) return std::nullopt;
  url.authority = text.substr(0, slash);
  url.port = !authority->port.empty() ? std::string(authority->port) : url.secure ? "443" : "80";
  const bool brackets = authority->host.front() == '[';
  url.host = brackets ? authority->host.substr(1, authority->host.size() - 2) : authority->host;
  const std::string_view letters = brackets ? "0123456789abcdefABCDEF:." : host_letters;
  if (url.host.empty() || url.host.find_first_not_of(letters) != url.host.npos || std::stoul(url.port) == 0)
    return std::nullopt;
  if (slash != text.size()) url.target = std::string(text[slash] == '?' ? "/" : "").append(text.substr(slash));
  return url;
}

}  // namespace ws::protocol
