// Checks arbitrary upgrade requests. Input: a line with the method, a line with the target, and lines "name: value".
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ws/detail/protocol/upgrade_check.hpp"

namespace {

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ws::protocol;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ws::HttpRequest request;
  request.method = TakeLine(text);
  request.target = TakeLine(text);
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    const std::size_t colon = line.find(": ");
    if (colon != line.npos) request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  const std::vector<std::string> origins = {"https://allowed.example"}, hosts = {"a.example"}, none;
  const std::function<bool(std::string_view, const ws::HttpRequest&)> check;
  const auto refusal = CheckUpgradeRequest(request, {origins, hosts, check});
  if (!refusal) {
    // The handshake relies on these properties of an accepted request.
    const bool sound = request.method == "GET" && IsWebSocketKey(request.Header("Sec-WebSocket-Key")) &&
                       IsListedHost(request.Header("Host"), hosts) && request.Count("Content-Length") == 0;
    if (!sound) std::abort();
  } else if (refusal->status < 400 || refusal->text.empty()) {
    std::abort();
  }
  static_cast<void>(ChooseSubprotocol(request, {"chat", "json"}));
  static_cast<void>(request.Path());
  static_cast<void>(request.Query());
  return 0;
}
