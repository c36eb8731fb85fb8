#include "load/dialect.hpp"

#include <stdexcept>

namespace load {
namespace {

std::string Member(const Message& message) {
  return "\"n\":" + std::to_string(message.n);
}

std::string Text(const Message& message) {
  std::string text = "\"text\":\"";
  for (std::size_t at = 0; at < message.text; ++at) text += static_cast<char>('a' + at % 26);
  return text + '"';
}

}  // namespace

std::string Dialect::Upgrade() const {
  const std::string path = socket_io_ ? "/socket.io/?EIO=4&transport=websocket" : "/ws";
  return "GET " + path +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

std::string_view Dialect::AnswerGreeting(std::string_view greeting) const {
  if (greeting.starts_with("0{")) return "40";
  if (!greeting.starts_with("40")) throw std::runtime_error("unexpected socket.io greeting: " + std::string(greeting));
  return {};
}

std::string Dialect::Write(const Message& message) const {
  const std::string data = "{" + Member(message) + "," + Text(message) + "}";
  if (socket_io_) return "42[\"" + message.event + "\"," + data + "]";
  return "{\"event\":\"" + message.event + "\",\"data\":" + data + "}";
}

bool Dialect::Matches(std::string_view text, const Message& message) const {
  const std::string name = (socket_io_ ? "[\"" : "\"event\":\"") + message.event + "\"";
  return text.find(name) != text.npos && text.find(Member(message)) != text.npos &&
         text.find(Text(message)) != text.npos && text.size() == Write(message).size();
}

}  // namespace load
