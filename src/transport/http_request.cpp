#include <ostream>  // before Beast, whose string_view needs it

#include "transport/http_request.hpp"

#include <algorithm>

namespace ws::transport {

HttpRequest ToRequest(const boost::beast::http::request<boost::beast::http::string_body>& from) {
  HttpRequest request;
  request.method = from.method_string();
  request.target = from.target();
  // RFC 9112 3.2.2: the absolute form is for proxies, must be understood by everybody, and outdoes the Host header.
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

// Beast takes every Transfer-Encoding that is not `chunked` for none, so that a body would be the next request
// (RFC 9112 6.3, Beast #3042). HTTP/1.0 knows none, so who is before us may not have read it (6.1).
const char* WhyAmbiguous(const HttpRequest& request) {
  const std::size_t encodings = request.Count("Transfer-Encoding");
  if (encodings == 0) return nullptr;
  if (request.version < 11) return "HTTP/1.0 has no transfer encodings";
  if (encodings > 1 || !IsSameHeader(request.Header("Transfer-Encoding"), "chunked"))
    return "of transfer encodings only chunked is known";
  return request.Count("Content-Length") != 0 ? "Transfer-Encoding and Content-Length contradict each other" : nullptr;
}

}  // namespace ws::transport
