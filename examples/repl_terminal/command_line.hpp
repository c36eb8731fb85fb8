#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "access.hpp"
#include "mode.hpp"
#include "outcome.hpp"

namespace repl {

struct CommandLine {
  std::uint16_t port = 8080;
  std::string workspace = ".";
  std::string page;  // empty: the folder `page` beside the program
  std::string address = "127.0.0.1";
  AuthMode auth = AuthMode::Token;
  Mode mode = Mode::Full;
  std::vector<std::string> hosts;
  std::vector<std::string> allowed_origins;
  std::string certificate, key;  // both or neither
  bool behind_tls = false;       // a proxy speaks TLS
  std::string url_file;          // empty: the URL is printed
  std::string shell;             // empty: DefaultShell()
  std::chrono::minutes detached_grace{10};
  std::chrono::minutes idle_shutdown{0};  // 0: never
  bool is_remote = false;                 // true if other machines can reach the address
  bool help = false;
};

// Parses the arguments after the program's name. Accepts "--port 0" and "--port=0".
Outcome<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// Returns the text that --help prints.
std::string HelpText();

}  // namespace repl
