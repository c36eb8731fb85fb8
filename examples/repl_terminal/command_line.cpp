#include "command_line.hpp"

#include <charconv>
#include <string_view>

namespace repl {
namespace {

bool ReadPort(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

// False: the flag does not exist, or not with this value.
bool Apply(std::string_view flag, const std::string& value, CommandLine& line) {
  if (flag == "--port") return ReadPort(value, line.port);
  if (flag == "--workspace") line.workspace = value;
  if (flag == "--page") line.page = value;
  if (flag == "--allow-origin") line.allowed_origins.push_back(value);
  if (flag == "--auth") {
    line.auth = value == "none" ? AuthMode::None : AuthMode::Token;
    return value == "none" || value == "token";
  }
  return !value.empty();
}

bool TakesValue(std::string_view flag) {
  for (const std::string_view known : {"--port", "--workspace", "--page", "--allow-origin", "--auth"}) {
    if (flag == known) return true;
  }
  return false;
}

}  // namespace

Outcome<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  for (std::size_t at = 0; at < arguments.size(); ++at) {
    const std::string& argument = arguments[at];
    if (argument == "--help" || argument == "-h") {
      line.help = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string flag = argument.substr(0, equals);
    if (!TakesValue(flag)) return Problem{"Unknown argument: " + argument};
    if (equals == std::string::npos && at + 1 == arguments.size()) return Problem{flag + " needs a value"};
    const std::string value = equals == std::string::npos ? arguments[++at] : argument.substr(equals + 1);
    if (!Apply(flag, value, line)) return Problem{"Not a value for " + flag + ": " + value};
  }
  return line;
}

std::string HelpText() {
  return "A terminal and a file tree in the browser, for this machine only.\n"
         "\n"
         "  --port PORT            to listen on, 0 for any that is free (8080)\n"
         "  --workspace DIR        the folder whose files are shown (the current one)\n"
         "  --auth token|none      token: only who opens the URL printed gets a shell (token)\n"
         "                         none: every program and user of this machine does\n"
         "  --allow-origin ORIGIN  another page that may connect, e.g. http://localhost:5173; repeatable\n"
         "  --page DIR             the page's folder, with its node_modules (page, beside the program)\n"
         "  --help                 this text\n";
}

}  // namespace repl
