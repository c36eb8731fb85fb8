#include "page_answer.hpp"

#include <utility>

namespace repl {

ws::HttpResponse PageAnswer(unsigned status, std::string content_type, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", std::move(content_type)},
                      // Styles: xterm.js sets some in the page. Images: the page's icon is inline.
                      {"Content-Security-Policy",
                       "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                      {"Cross-Origin-Opener-Policy", "same-origin"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Referrer-Policy", "no-referrer"},
                      {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

ws::HttpResponse TextAnswer(unsigned status, std::string sentence) {
  return PageAnswer(status, "text/plain; charset=utf-8", std::move(sentence) + "\n");
}

}  // namespace repl
