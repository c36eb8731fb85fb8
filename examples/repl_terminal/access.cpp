#include "access.hpp"

#include <utility>

#include "page_answer.hpp"
#include "random_hex.hpp"
#include "ws/detail/protocol/origin.hpp"

namespace repl {
namespace {

constexpr std::size_t secret_bytes = 24;
constexpr const char* refusal =
    "Access refused: open the URL that the server printed. Each works once; at a signal USR1 it prints another.";

// Takes the same time wherever two texts of the same length differ.
bool IsSecret(std::string_view given, std::string_view secret) {
  if (given.size() != secret.size()) return false;
  unsigned difference = 0;
  for (std::size_t at = 0; at < secret.size(); ++at) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(given[at] ^ secret[at]));
  }
  return difference == 0;
}

// The value of `name` in "a=1<separator>name=value".
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

// Browsers share cookies between the ports of a host, so each port has a name of its own.
std::string CookieName(const ws::HttpRequest& request) {
  const auto host = ws::protocol::ParseAuthority(request.Header("Host"));
  return "repl_terminal_" + std::string(host && !host->port.empty() ? host->port : "80");
}

// The server's own first: that is the one printed.
std::vector<std::string> WithLoopback(std::vector<std::string> names) {
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) names.emplace_back(name);
  return names;
}

}  // namespace

Access::Access(AccessOptions options)
    : mode_(options.mode),
      secure_(options.secure),
      names_(WithLoopback(std::move(options.names))),
      cookie_(RandomHex(secret_bytes)),
      token_(RandomHex(secret_bytes)) {}

std::string Access::Url(std::uint16_t port) const {
  const std::string name = names_.front();
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
  if (!ws::protocol::IsListedHost(request.Header("Host"), names_)) {
    return TextAnswer(403, "This server does not answer to that name; --host adds one.");
  }
  if (mode_ == AuthMode::None) return std::nullopt;
  const bool brings_token = request.Path() == "/" && !Field(request.Query(), "token", '&').empty();
  if (HasCookie(request)) return brings_token ? std::optional(Enter(request)) : std::nullopt;
  return brings_token && TakeToken(request) ? Enter(request) : TextAnswer(403, refusal);
}

ws::Authorization Access::Authorize(const ws::HttpRequest& request) const {
  const bool is_ours = ws::protocol::IsListedHost(request.Header("Host"), names_);
  const bool may = is_ours && (mode_ == AuthMode::None || HasCookie(request));
  return may ? ws::Authorization::Accept() : ws::Authorization::Refuse(403, refusal);
}

bool Access::HasCookie(const ws::HttpRequest& request) const {
  return IsSecret(Field(request.Header("Cookie"), CookieName(request), ';'), cookie_);
}

bool Access::TakeToken(const ws::HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.method != "GET" || token_.empty() || !IsSecret(Field(request.Query(), "token", '&'), token_))
    return false;
  token_.clear();
  return true;
}

// Leads on, without the token in the address. Not by a redirect: where a link of another site began, a strict cookie
// would not be sent to where that leads.
ws::HttpResponse Access::Enter(const ws::HttpRequest& request) const {
  constexpr const char* page =
      R"(<!doctype html><meta http-equiv="refresh" content="0; url=/"><link rel="icon" href="data:,"><title>Terminal</title>)";
  ws::HttpResponse answer = PageAnswer(200, "text/html; charset=utf-8", page);
  answer.headers.emplace_back("Set-Cookie", CookieName(request) + "=" + cookie_ +
                                                "; Path=/; HttpOnly; SameSite=Strict" + (secure_ ? "; Secure" : ""));
  return answer;
}

}  // namespace repl
