#include "access.hpp"

#include <algorithm>
#include <utility>

#include "host_header.hpp"
#include "page_response.hpp"
#include "random_hex.hpp"

namespace repl {
namespace {

constexpr std::size_t secret_bytes = 24;
constexpr const char* refusal =
    "Access refused: open the URL that the server printed. Each URL works once. The signal SIGUSR1 makes the server "
    "print a new URL.";

// The time does not depend on the position of the first difference.
bool IsEqualInConstantTime(std::string_view given, std::string_view secret) {
  if (given.size() != secret.size()) return false;
  unsigned difference = 0;
  for (std::size_t at = 0; at < secret.size(); ++at) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(given[at] ^ secret[at]));
  }
  return difference == 0;
}

// Returns the value of `name` in a text such as "a=1;name=value", with the given separator.
std::string_view Field(std::string_view fields, std::string_view name, char separator) {
  while (!fields.empty()) {
    std::string_view field = fields.substr(0, fields.find(separator));
    fields.remove_prefix(std::min(fields.size(), field.size() + 1));
    while (field.starts_with(' ')) field.remove_prefix(1);
    if (field.starts_with(name) && field.substr(name.size()).starts_with('=')) {
      return field.substr(name.size() + 1);
    }
  }
  return {};
}

// Browsers share cookies between all ports of a host, so the cookie's name contains the port.
std::string CookieName(const ws::HttpRequest& request) {
  const auto host = ParseHostHeader(request.Header("Host"));
  return "repl_terminal_" + std::string(host && !host->port.empty() ? host->port : "80");
}

// The configured hosts come first, because the URL contains the first name.
std::vector<std::string> AddLoopbackHosts(std::vector<std::string> hosts) {
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) hosts.emplace_back(name);
  return hosts;
}

}  // namespace

Access::Access(AccessOptions options)
    : mode_(options.mode),
      secure_(options.secure),
      hosts_(AddLoopbackHosts(std::move(options.hosts))),
      cookie_(RandomHex(secret_bytes)),
      token_(RandomHex(secret_bytes)) {}

std::string Access::Url(std::uint16_t port) const {
  const std::string name = hosts_.front();
  const bool has_port = name.rfind(':') != name.npos && !name.ends_with(']');
  const std::string page =
      (secure_ ? "https://" : "http://") + name + (has_port || port == 0 ? "" : ":" + std::to_string(port)) + "/";
  if (mode_ == AuthMode::None) return page;
  const std::lock_guard lock(mutex_);
  return page + "?token=" + token_;
}

void Access::RenewToken() {
  std::string token = RandomHex(secret_bytes);
  const std::lock_guard lock(mutex_);
  token_.swap(token);
}

std::optional<ws::HttpResponse> Access::Intercept(const ws::HttpRequest& request) {
  if (!IsAllowedHost(request.Header("Host"), hosts_)) {
    return TextResponse(403, "This server does not accept this host name. The option --host adds a name.");
  }
  if (mode_ == AuthMode::None) return std::nullopt;
  const bool has_token = request.Path() == "/" && !Field(request.Query(), "token", '&').empty();
  if (HasCookie(request)) return has_token ? std::optional(GrantCookie(request)) : std::nullopt;
  return has_token && RedeemToken(request) ? GrantCookie(request) : TextResponse(403, refusal);
}

ws::Authorization Access::Authorize(const ws::HttpRequest& request) const {
  const bool is_known_host = IsAllowedHost(request.Header("Host"), hosts_);
  const bool is_allowed = is_known_host && (mode_ == AuthMode::None || HasCookie(request));
  return is_allowed ? ws::Authorization::Accept() : ws::Authorization::Refuse(403, refusal);
}

bool Access::HasCookie(const ws::HttpRequest& request) const {
  return IsEqualInConstantTime(Field(request.Header("Cookie"), CookieName(request), ';'), cookie_);
}

bool Access::RedeemToken(const ws::HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.method != "GET" || token_.empty() || !IsEqualInConstantTime(Field(request.Query(), "token", '&'), token_))
    return false;
  token_.clear();
  return true;
}

// Returns a page that sets the cookie and loads "/" without the token. A redirect does not work: if the navigation
// started on another site, the browser does not send a SameSite=Strict cookie to the redirect's target.
ws::HttpResponse Access::GrantCookie(const ws::HttpRequest& request) const {
  constexpr const char* page =
      R"(<!doctype html><meta http-equiv="refresh" content="0; url=/"><link rel="icon" href="data:,"><title>Terminal</title>)";
  ws::HttpResponse response = PageResponse(200, "text/html; charset=utf-8", page);
  response.headers.emplace_back("Set-Cookie", CookieName(request) + "=" + cookie_ +
                                                  "; Path=/; HttpOnly; SameSite=Strict" + (secure_ ? "; Secure" : ""));
  return response;
}

}  // namespace repl
