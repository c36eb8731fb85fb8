#include "access.hpp"

#include "page_answer.hpp"
#include "random_hex.hpp"
#include "ws/protocol/origin.hpp"

namespace repl {
namespace {

constexpr std::size_t secret_bytes = 24;
constexpr const char* refusal = "Access refused: open the URL that the server printed.";

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

}  // namespace

Access::Access(AuthMode mode) : mode_(mode), token_(RandomHex(secret_bytes)), cookie_(RandomHex(secret_bytes)) {}

const std::vector<std::string>& Access::LoopbackNames() {
  static const std::vector<std::string> names = {"127.0.0.1", "localhost", "[::1]"};
  return names;
}

std::string Access::Url(std::uint16_t port) const {
  const std::string page = "http://127.0.0.1:" + std::to_string(port) + "/";
  return mode_ == AuthMode::None ? page : page + "?token=" + token_;
}

std::optional<ws::HttpResponse> Access::Intercept(const ws::HttpRequest& request) {
  if (!ws::protocol::IsListedHost(request.Header("Host"), LoopbackNames())) {
    return TextAnswer(403, "This server answers to 127.0.0.1, localhost and [::1] only.");
  }
  if (mode_ == AuthMode::None) return std::nullopt;
  const bool brings_token = request.Path() == "/" && !Field(request.Query(), "token", '&').empty();
  if (HasCookie(request)) return brings_token ? std::optional(Enter(request)) : std::nullopt;
  return brings_token && TakeToken(request) ? Enter(request) : TextAnswer(403, refusal);
}

ws::Authorization Access::Authorize(const ws::HttpRequest& request) const {
  const bool is_local = ws::protocol::IsListedHost(request.Header("Host"), LoopbackNames());
  const bool may = is_local && (mode_ == AuthMode::None || HasCookie(request));
  return may ? ws::Authorization::Accept() : ws::Authorization::Refuse(403, refusal);
}

bool Access::HasCookie(const ws::HttpRequest& request) const {
  return IsSecret(Field(request.Header("Cookie"), CookieName(request), ';'), cookie_);
}

bool Access::TakeToken(const ws::HttpRequest& request) {
  return request.method == "GET" && IsSecret(Field(request.Query(), "token", '&'), token_) &&
         !token_used_.exchange(true);
}

// Without the token in the address.
ws::HttpResponse Access::Enter(const ws::HttpRequest& request) const {
  ws::HttpResponse answer = TextAnswer(303, "Welcome.");
  answer.headers.emplace_back("Location", "/");
  answer.headers.emplace_back("Set-Cookie",
                              CookieName(request) + "=" + cookie_ + "; Path=/; HttpOnly; SameSite=Strict");
  return answer;
}

}  // namespace repl
