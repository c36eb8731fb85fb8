#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ws/authorize.hpp"
#include "ws/http.hpp"

namespace repl {

enum class AuthMode { Token, None };

struct AccessOptions {
  AuthMode mode = AuthMode::Token;
  std::vector<std::string> names = {};  // the server's, beside those of the loopback: "host" or "host:port"
  bool secure = false;                  // it speaks TLS, or a proxy does for it
};

// Who may have a shell: a browser that opened the URL which the server printed. The token in it
// works once and is traded for a cookie, so that it is worth nothing in a history or a log.
// Whatever the mode, the server answers to its own names only, which keeps out pages that point a
// name of theirs at it (DNS rebinding). Threads: any.
class Access final {
 public:
  explicit Access(AccessOptions options = {});

  // What the server prints; without a port where it is 0, on a UNIX socket.
  std::string Url(std::uint16_t port) const;
  // Another token, for another browser; the one before it is worth nothing any more.
  void RenewToken();

  // The answer to a request that goes no further, such as a refusal or the trade of the token;
  // nothing for one that may have its page.
  std::optional<ws::HttpResponse> Intercept(const ws::HttpRequest& request);

  // The same decision for a WebSocket.
  ws::Authorization Authorize(const ws::HttpRequest& request) const;

  // For Options::allowed_hosts. The loopback's on any port, since a tunnel may change it.
  const std::vector<std::string>& Names() const { return names_; }

 private:
  bool HasCookie(const ws::HttpRequest& request) const;
  bool TakeToken(const ws::HttpRequest& request);
  ws::HttpResponse Enter(const ws::HttpRequest& request) const;

  const AuthMode mode_;
  const bool secure_;
  const std::vector<std::string> names_;
  const std::string cookie_;

  mutable std::mutex mutex_;
  std::string token_;  // empty once it was used
};

}  // namespace repl
