#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/authorize.hpp"
#include "ws/http.hpp"

namespace repl {

enum class AuthMode { Token, None };

// Who may have a shell: a browser on this machine that opened the URL which the server printed.
// The token in it works once and is traded for a cookie, so that it is worth nothing in a history
// or a log. Whatever the mode, the server answers to loopback names only, which keeps out pages
// that point a name of their own at it (DNS rebinding). Threads: any.
class Access final {
 public:
  explicit Access(AuthMode mode);

  // What the server prints.
  std::string Url(std::uint16_t port) const;

  // The answer to a request that goes no further, such as a refusal or the trade of the token;
  // nothing for one that may have its page.
  std::optional<ws::HttpResponse> Intercept(const ws::HttpRequest& request);

  // The same decision for a WebSocket.
  ws::Authorization Authorize(const ws::HttpRequest& request) const;

  // For Options::allowed_hosts: any port, since a tunnel may change it.
  static const std::vector<std::string>& LoopbackNames();

 private:
  bool HasCookie(const ws::HttpRequest& request) const;
  bool TakeToken(const ws::HttpRequest& request);
  ws::HttpResponse Enter(const ws::HttpRequest& request) const;

  const AuthMode mode_;
  const std::string token_;
  const std::string cookie_;
  std::atomic<bool> token_used_ = false;
};

}  // namespace repl
