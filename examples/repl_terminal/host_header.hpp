#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace repl {

// The two parts of a Host header (RFC 9110 section 7.2). An IPv6 address keeps its brackets.
struct HostHeader {
  std::string_view host;
  std::string_view port;  // empty if the header has none
};

// Parses "host", "host:port" or "[v6]:port". Returns nothing if the text is malformed.
std::optional<HostHeader> ParseHostHeader(std::string_view text);

// Returns true if the header matches an entry of the list. The entry "name" matches every port, "name:port" only that
// one. Browsers omit the default port, so "name:80" and "name:443" match a header without a port too.
bool IsAllowedHost(std::string_view header, const std::vector<std::string>& allowed);

}  // namespace repl
