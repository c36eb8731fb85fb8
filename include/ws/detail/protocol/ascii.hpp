// Text functions for HTTP headers. Case is compared in ASCII only.
#pragma once

#include <cstddef>
#include <string_view>

#include "ws/http.hpp"

namespace ws::protocol {

constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) noexcept {
  return IsSameHeader(a, b);
}

// Removes optional whitespace (RFC 9110 section 5.6.3) from both ends.
constexpr std::string_view Trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Returns true if the text is a token (RFC 9110 section 5.6.2). Names of headers and subprotocols are tokens.
constexpr bool IsToken(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!plain && marks.find(c) == marks.npos) return false;
  }
  return !text.empty();
}

// Calls `on_token` with each element of a comma-separated header value. Skips empty elements.
template <class OnToken>
constexpr void ForEachToken(std::string_view list, OnToken on_token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view token = Trim(list.substr(0, comma));
    if (!token.empty()) on_token(token);
    if (comma == list.npos) return;
    list.remove_prefix(comma + 1);
  }
}

// Returns true if the comma-separated header value contains the token, in any case.
constexpr bool HasToken(std::string_view list, std::string_view wanted) {
  bool found = false;
  ForEachToken(list, [&](std::string_view token) { found = found || EqualsIgnoringCase(token, wanted); });
  return found;
}

}  // namespace ws::protocol
