// The outcome of the opening handshake.
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "ws/http.hpp"
#include "ws/json.hpp"

namespace ws::connection {

// The request that opened a connection, and the result of its checks. Each is set once and may then be read by any
// thread; before, its value is empty.
class HandshakeInfo {
 public:
  void SetRequest(HttpRequest request) {
    request_ = std::move(request);
    has_request_ = true;
  }
  void SetResult(Json identity, std::string subprotocol) {
    identity_ = std::move(identity);
    subprotocol_ = std::move(subprotocol);
    has_result_ = true;
  }

  const HttpRequest& Request() const noexcept {
    static const HttpRequest none;
    return has_request_ ? request_ : none;
  }
  const Json& Identity() const noexcept {
    static const Json none;
    return has_result_ ? identity_ : none;
  }
  const std::string& Subprotocol() const noexcept {
    static const std::string none;
    return has_result_ ? subprotocol_ : none;
  }

 private:
  HttpRequest request_;
  Json identity_;
  std::string subprotocol_;
  std::atomic<bool> has_request_ = false, has_result_ = false;
};

}  // namespace ws::connection
