// Plain HTTP answers as bytes.
#pragma once

#include <string>

#include "ws/detail/protocol/upgrade_check.hpp"
#include "ws/http.hpp"

namespace ws::transport {

// A refusal with the headers that its status asks for.
HttpResponse ToResponse(const protocol::Refusal& refusal);

// HTTP/1.1, with Content-Length. Header fields that would break the message are left out. `head` leaves out the
// body of an answer to HEAD.
std::string Serialize(const HttpResponse& response, bool keep_alive, bool head = false);

}  // namespace ws::transport
