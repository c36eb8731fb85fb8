#include "page_response.hpp"

#include <utility>

namespace repl {

ws::HttpResponse PageResponse(unsigned status, std::string content_type, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::move(content_type)},
                      // style-src: xterm.js sets inline styles. img-src: the page's icon is a data URL.
                      {"Content-Security-Policy",
                       "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

ws::HttpResponse TextResponse(unsigned status, std::string message) {
  return PageResponse(status, "text/plain; charset=utf-8", std::move(message) + "\n");
}

}  // namespace repl
