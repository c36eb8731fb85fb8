// HTTP requests and responses as plain values, without Beast.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ws {

// True if two header names are equal. ASCII case does not matter (RFC 9110 section 5.1).
constexpr bool IsSameHeader(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// Header names and values, in the order of the message.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// An HTTP request: the one that opened a connection, or a plain one for Server::OnRequest. Forwarding headers such as
// X-Forwarded-For are passed on as received; the library does not trust them.
struct HttpRequest {
  std::string method = {};
  std::string target = {};  // path and query, as sent
  int version = 11;         // 10 or 11
  HttpHeaders headers = {};
  std::string body = {};            // a WebSocket handshake has none
  std::string remote_address = {};  // empty if the stream has no IP endpoint
  std::uint16_t remote_port = 0;
  bool secure = false;  // true if the connection uses TLS up to this server

  // The value of the first header with this name; empty if there is none.
  std::string_view Header(std::string_view name) const noexcept;
  // The number of headers with this name.
  std::size_t Count(std::string_view name) const noexcept;
  // The target without the query, as sent.
  std::string_view Path() const noexcept;
  // The part of the target after the first '?', as sent.
  std::string_view Query() const noexcept;
};

// The response of Server::OnRequest.
struct HttpResponse {
  unsigned status = 200;
  HttpHeaders headers = {};
  std::string body = {};  // the library adds Content-Length
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
