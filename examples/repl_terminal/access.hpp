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
  std::vector<std::string> hosts = {};  // the server's names, "host" or "host:port", in addition to loopback names
  bool secure = false;                  // true if the server or a proxy in front of it speaks TLS
};

// Decides which requests get a page or a shell. The browser must open the URL that the server printed. The token in
// that URL works once. The browser gets a cookie in exchange, so a token in a history or a log is worthless. In every
// mode the server accepts only its own host names, which prevents DNS rebinding. Thread-safe.
class Access final {
 public:
  explicit Access(AccessOptions options = {});

  // Returns the URL to print. It has no port if `port` is 0 (a UNIX socket).
  std::string Url(std::uint16_t port) const;
  // Creates a token for another browser. The previous token becomes invalid.
  void RenewToken();

  // Returns the response that ends the request: a refusal, or the page that sets the cookie. Returns nothing if the
  // request is allowed.
  std::optional<ws::HttpResponse> Intercept(const ws::HttpRequest& request);

  // Makes the same decision for a WebSocket handshake.
  ws::Authorization Authorize(const ws::HttpRequest& request) const;

  // Returns the value for Options::allowed_hosts. Loopback names match every port, because a tunnel may change the
  // port.
  const std::vector<std::string>& AllowedHosts() const { return hosts_; }

 private:
  bool HasCookie(const ws::HttpRequest& request) const;
  bool RedeemToken(const ws::HttpRequest& request);
  ws::HttpResponse GrantCookie(const ws::HttpRequest& request) const;

  const AuthMode mode_;
  const bool secure_;
  const std::vector<std::string> hosts_;
  const std::string cookie_;

  mutable std::mutex mutex_;
  std::string token_;  // empty after its first use
};

}  // namespace repl
