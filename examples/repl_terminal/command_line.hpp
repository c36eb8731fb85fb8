#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "access.hpp"
#include "outcome.hpp"

namespace repl {

struct CommandLine {
  std::uint16_t port = 8080;
  std::string workspace = ".";
  std::string page;  // empty: the folder beside the program
  AuthMode auth = AuthMode::Token;
  std::vector<std::string> allowed_origins;
  bool help = false;
};

// Reads the arguments that follow the program's name; "--port 0" and "--port=0" alike.
Outcome<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// What --help prints.
std::string HelpText();

}  // namespace repl
