// An HTTP request and answer as far as the library needs them: plain values, no Beast.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ws {

// Header names compare without case, ASCII's (RFC 9110 5.1).
constexpr bool IsSameHeader(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// What asked for the connection. Forwarding headers stand here as they
// came and are trusted by nobody.
struct HttpRequest {
  std::string method = {};
  std::string target = {};  // path and query, as sent
  int version = 11;         // 10 or 11
  HttpHeaders headers = {};
  std::string body = {};            // of plain requests; an upgrade has none
  std::string remote_address = {};  // empty where the stream has no endpoint
  std::uint16_t remote_port = 0;
  bool secure = false;  // whether TLS ends at this server

  // The first header of that name, or an empty text.
  std::string_view Header(std::string_view name) const noexcept;
  std::size_t Count(std::string_view name) const noexcept;
  std::string_view Path() const noexcept;
  // What follows the first '?', undecoded.
  std::string_view Query() const noexcept;
};

struct HttpResponse {
  unsigned status = 200;
  HttpHeaders headers = {};
  std::string body = {};  // Content-Length is filled in
};

inline std::string_view HttpRequest::Header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (IsSameHeader(key, name)) return value;
  }
  return {};
}

inline std::size_t HttpRequest::Count(std::string_view name) const noexcept {
  std::size_t count = 0;
  for (const auto& header : headers) count += IsSameHeader(header.first, name) ? 1 : 0;
  return count;
}

inline std::string_view HttpRequest::Path() const noexcept {
  return std::string_view(target).substr(0, target.find('?'));
}

inline std::string_view HttpRequest::Query() const noexcept {
  const std::size_t mark = target.find('?');
  return mark == target.npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

}  // namespace ws
