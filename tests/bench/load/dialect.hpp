// What the messages of a kind of server look like.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace load {

// An event with {"n", "text"}; n has four digits, so that a text of 100 octets makes the 144 of PERFORMANCE.md.
struct Message {
  std::string event;
  unsigned n = 1000;
  std::size_t text = 100;
};

class Dialect {
 public:
  explicit Dialect(bool socket_io) : socket_io_(socket_io) {}

  // The request that asks for a WebSocket.
  std::string Upgrade() const;
  // Whether the server has the first word after the upgrade.
  bool Greets() const { return socket_io_; }
  // The answer to a greeting; none where it was the last.
  std::string_view AnswerGreeting(std::string_view greeting) const;
  // Whether a text is the server's heartbeat, and not a message; "3" answers it.
  bool IsHeartbeat(std::size_t size) const { return socket_io_ && size == 1; }

  std::string Write(const Message& message) const;
  // Whether a text is this message, in whatever order its members stand.
  bool Holds(std::string_view text, const Message& message) const;

 private:
  bool socket_io_;
};

}  // namespace load
