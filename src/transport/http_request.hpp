// Plain HTTP requests as Beast reads them.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "ws/http.hpp"

namespace ws::transport {

// Without its body.
HttpRequest ToRequest(const boost::beast::http::request<boost::beast::http::string_body>& from);

// Why it cannot be told where the request ends; null where it can.
const char* WhyAmbiguous(const HttpRequest& request);

}  // namespace ws::transport
