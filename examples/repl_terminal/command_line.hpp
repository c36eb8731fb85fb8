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
  std::string page;  // empty: the folder beside the program
  std::string address = "127.0.0.1";
  AuthMode auth = AuthMode::Token;
  Mode mode = Mode::Full;
  std::vector<std::string> hosts;
  std::vector<std::string> allowed_origins;
  std::string certificate, key;  // both or neither
  bool behind_tls = false;       // a proxy speaks it
  std::string url_file;          // empty: the URL is printed
  std::string shell;             // empty: the user's
  std::chrono::minutes detached_grace{10};
  std::chrono::minutes idle_shutdown{0};  // 0: never
  bool is_remote = false;                 // it listens to other machines
  bool help = false;
};

// Reads the arguments that follow the program's name; "--port 0" and "--port=0" alike.
Outcome<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// What --help prints.
std::string HelpText();

}  // namespace repl
