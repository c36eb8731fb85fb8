// The settings of the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace load {

struct Settings {
  std::string mode;
  std::uint16_t port = 0;
  pid_t pid = 0;  // of the server
  bool socket_io = false;
  unsigned connections = 0;  // 0: the mode's default
  unsigned in_flight = 0;    // messages per connection; 0: the mode's default
  std::size_t text = 0;      // octets of the message's text; 0: the mode's default
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{2000};
};

// Throws std::invalid_argument with the usage as its text.
Settings ParseSettings(int argc, char** argv);

}  // namespace load
