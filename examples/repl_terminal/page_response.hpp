#pragma once

#include <string>

#include "ws/http.hpp"

namespace repl {

// Returns an HTTP response with security headers: the page loads from and connects to its own origin only, cannot be
// framed, and is not cached.
ws::HttpResponse PageResponse(unsigned status, std::string content_type, std::string body);

// Returns a plain text response with the same headers.
ws::HttpResponse TextResponse(unsigned status, std::string message);

}  // namespace repl
