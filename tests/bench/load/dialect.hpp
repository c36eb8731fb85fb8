// The message format of a server: our events or socket.io.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace load {

// An event with the data {"n", "text"}. n has four digits, so that a message with a text of 100 octets has 144 octets.
struct Message {
  std::string event;
  unsigned n = 1000;
  std::size_t text = 100;
};

class Dialect {
 public:
  explicit Dialect(bool socket_io) : socket_io_(socket_io) {}

  // The upgrade request.
  std::string Upgrade() const;
  // Returns true if the server sends the first message after the upgrade.
  bool HasGreeting() const { return socket_io_; }
  // Returns the answer to a greeting; empty if the greeting needs no answer.
  std::string_view AnswerGreeting(std::string_view greeting) const;
  // Returns true if a text is the server's heartbeat and not a message. The answer to a heartbeat is "3".
  bool IsHeartbeat(std::size_t size) const { return socket_io_ && size == 1; }

  std::string Write(const Message& message) const;
  // Returns true if a text is this message. Its members may have any order.
  bool Matches(std::string_view text, const Message& message) const;

 private:
  bool socket_io_;
};

}  // namespace load
