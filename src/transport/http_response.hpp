// Serialises plain HTTP responses.
#pragma once

#include <string>

#include "ws/detail/protocol/upgrade_check.hpp"
#include "ws/http.hpp"

namespace ws::transport {

// Makes the response of a rejected upgrade request, with the headers that its status requires.
HttpResponse ToResponse(const protocol::UpgradeRejection& rejection);

// Returns the response as HTTP/1.1 text, with Content-Length. Omits headers that contain CR, LF or NUL. `head` omits
// the body, for the response to a HEAD request.
std::string Serialize(const HttpResponse& response, bool keep_alive, bool head = false);

}  // namespace ws::transport
