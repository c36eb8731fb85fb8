#include "host_header.hpp"

#include <algorithm>

namespace repl {
namespace {

bool IsSameHost(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

bool IsPort(std::string_view text) {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<HostHeader> ParseHostHeader(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == text.npos) return std::nullopt;
  const std::size_t colon = text.find(':', bracket);
  HostHeader header{text.substr(0, colon), {}};
  if (colon != text.npos) header.port = text.substr(colon + 1);
  const bool ends_at_bracket = bracket == 0 || header.host.size() == bracket + 1;
  const bool is_host = !header.host.empty() && header.host.find_first_of("/@?# \t") == text.npos && ends_at_bracket;
  return is_host && IsPort(header.port) ? std::optional(header) : std::nullopt;
}

bool IsAllowedHost(std::string_view header, const std::vector<std::string>& allowed) {
  const auto host = ParseHostHeader(header);
  if (!host) return false;
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
    const auto listed = ParseHostHeader(entry);
    if (!listed || !IsSameHost(listed->host, host->host)) return false;
    const bool is_default_port = host->port.empty() && (listed->port == "80" || listed->port == "443");
    return listed->port.empty() || listed->port == host->port || is_default_port;
  });
}

}  // namespace repl
