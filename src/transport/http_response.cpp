#include "transport/http_response.hpp"

#include <ostream>  // see connection/asio_compat.hpp

#include <boost/beast/http/status.hpp>

#include "ws/detail/protocol/ascii.hpp"

namespace ws::transport {

namespace {

bool IsSafe(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

}  // namespace

HttpResponse ToResponse(const protocol::UpgradeRejection& rejection) {
  HttpResponse response;
  response.status = rejection.status < 200 || rejection.status > 599 ? 400 : rejection.status;
  response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
  if (response.status == 405) response.headers.emplace_back("Allow", "GET");
  if (response.status == 426) {
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Connection", "Upgrade");  // RFC 9110 section 7.8
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  response.body = rejection.text + "\n";
  return response;
}

std::string Serialize(const HttpResponse& response, bool keep_alive, bool head) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text +=
      std::string_view(boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status)));
  text += "\r\n";
  std::string connection = keep_alive ? "" : "close";
  for (const auto& [name, value] : response.headers) {
    if (!IsSafe(name) || !IsSafe(value) || protocol::EqualsIgnoringCase(name, "Content-Length")) continue;
    if (protocol::EqualsIgnoringCase(name, "Connection")) {
      connection.append(connection.empty() ? "" : ", ").append(value);
    } else {
      text.append(name).append(": ").append(value).append("\r\n");
    }
  }
  // RFC 9110 section 8.6: a response with one of these statuses has no Content-Length.
  if (response.status != 204 && response.status != 304)
    text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  if (!connection.empty()) text.append("Connection: ").append(connection).append("\r\n");
  text += "\r\n";
  if (!head && response.status != 204 && response.status != 304) text += response.body;
  return text;
}

}  // namespace ws::transport
