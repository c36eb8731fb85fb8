// What the command line asks for.
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
  unsigned connections = 0;  // 0: the mode's own number
  unsigned in_flight = 0;    // messages a connection; 0: the mode's own number
  std::size_t text = 0;      // octets of the message's text; 0: the mode's own number
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{2000};
};

// Throws std::invalid_argument, whose text tells the usage.
Settings ReadSettings(int argc, char** argv);

}  // namespace load
