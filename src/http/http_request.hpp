// Converts and checks HTTP requests that Beast has parsed.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "ws/http.hpp"

namespace ws::http {

// Returns the request without its body. A target in absolute form becomes a path and a Host header.
HttpRequest ToRequest(const boost::beast::http::request<boost::beast::http::string_body>& from);

// Returns the reason for which the end of the request is ambiguous, or null if it is not.
const char* FindFramingError(const HttpRequest& request);

}  // namespace ws::http
