#include <ostream>  // see connection/asio_compat.hpp

#include "http/http_request.hpp"

#include <algorithm>

namespace ws::http {

HttpRequest ToRequest(const boost::beast::http::request<boost::beast::http::string_body>& from) {
  HttpRequest request;
  request.method = from.method_string();
  request.target = from.target();
  // RFC 9112 section 3.2.2: every server must accept the absolute form, and its host replaces the Host header.
  const std::size_t scheme = request.target.find("://");
  const bool is_absolute = scheme != 0 && scheme < request.target.find_first_of("/?");
  std::string host;
  if (is_absolute) {
    const std::size_t end = std::min(request.target.find_first_of("/?", scheme + 3), request.target.size());
    host = request.target.substr(scheme + 3, end - scheme - 3);
    request.target.erase(0, end);
    if (!request.target.starts_with('/')) request.target.insert(0, "/");
  }
  request.version = static_cast<int>(from.version());
  for (const auto& field : from) {
    request.headers.emplace_back(field.name_string(), field.value());
    if (is_absolute && IsSameHeader(request.headers.back().first, "Host")) request.headers.back().second = host;
  }
  return request;
}

// Beast ignores every Transfer-Encoding except `chunked`, so the body would be read as the next request (RFC 9112
// section 6.3, Beast #3042). HTTP/1.0 has no Transfer-Encoding, so a proxy before us may have ignored it (RFC 9112
// section 6.1).
const char* FindFramingError(const HttpRequest& request) {
  const std::size_t encodings = request.Count("Transfer-Encoding");
  if (encodings == 0) return nullptr;
  if (request.version < 11) return "Transfer-Encoding is not allowed in HTTP/1.0";
  if (encodings > 1 || !IsSameHeader(request.Header("Transfer-Encoding"), "chunked"))
    return "the only supported Transfer-Encoding is chunked";
  return request.Count("Content-Length") != 0 ? "Transfer-Encoding and Content-Length exclude each other" : nullptr;
}

}  // namespace ws::http
