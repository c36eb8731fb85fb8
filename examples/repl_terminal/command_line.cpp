#include "command_line.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <iterator>
#include <string_view>

namespace repl {
namespace {

template <class Number>
bool Read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ReadMinutes(std::string_view text, std::chrono::minutes& minutes) {
  std::uint16_t number = 0;
  const bool is_number = Read(text, number);
  minutes = std::chrono::minutes(number);
  return is_number;
}

// False: not with this value.
bool Apply(std::string_view flag, const std::string& value, CommandLine& line) {
  if (value.empty()) return false;
  if (flag == "--port") return Read(value, line.port);
  if (flag == "--grace") return ReadMinutes(value, line.detached_grace);
  if (flag == "--idle-shutdown") return ReadMinutes(value, line.idle_shutdown);
  if (flag == "--workspace") line.workspace = value;
  if (flag == "--address") line.address = value;
  if (flag == "--host") line.hosts.push_back(value);
  if (flag == "--shell") line.shell = value;
  if (flag == "--certificate") line.certificate = value;
  if (flag == "--key") line.key = value;
  if (flag == "--page") line.page = value;
  if (flag == "--url-file") line.url_file = value;
  if (flag == "--allow-origin") line.allowed_origins.push_back(value);
  if (flag != "--auth") return true;
  line.auth = value == "none" ? AuthMode::None : AuthMode::Token;
  return value == "none" || value == "token";
}

bool IsForThisMachine(const std::string& address) {
  boost::system::error_code no_address;
  return address.starts_with("unix:") || boost::asio::ip::make_address(address, no_address).is_loopback();
}

bool TakesValue(std::string_view flag) {
  constexpr std::string_view flags[] = {"--port",    "--workspace", "--page",         "--allow-origin", "--auth",
                                        "--address", "--host",      "--certificate",  "--key",          "--url-file",
                                        "--shell",   "--grace",     "--idle-shutdown"};
  return std::find(std::begin(flags), std::end(flags), flag) != std::end(flags);
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
    if (argument == "--read-only") {
      line.mode = Mode::ReadOnly;
      continue;
    }
    if (argument == "--behind-tls") {
      line.behind_tls = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string flag = argument.substr(0, equals);
    if (!TakesValue(flag)) return Problem{"Unknown argument: " + argument};
    if (equals == std::string::npos && at + 1 == arguments.size()) return Problem{flag + " needs a value"};
    const std::string value = equals == std::string::npos ? arguments[++at] : argument.substr(equals + 1);
    if (!Apply(flag, value, line)) return Problem{"Not a value for " + flag + ": " + value};
  }
  if (line.certificate.empty() != line.key.empty()) return Problem{"--certificate and --key belong together"};
  for (const std::string& origin : line.allowed_origins) {
    if (origin.find("://") == origin.npos)
      return Problem{"--allow-origin is like http://localhost:5173, not " + origin};
  }
  line.is_remote = !IsForThisMachine(line.address);
  if (!line.is_remote) return line;
  if (line.auth == AuthMode::None) {
    return Problem{"--auth none would give a shell to everybody who reaches " + line.address +
                   ": let a proxy that asks who they are listen there"};
  }
  if (line.hosts.empty())
    return Problem{"--address " + line.address + " needs --host, the name in the browser's address"};
  return line;
}

std::string HelpText() {
  return "A terminal and a file tree in the browser, for this machine only unless told otherwise.\n"
         "\n"
         "  --port PORT            to listen on, 0 for any that is free (8080)\n"
         "  --workspace DIR        the folder whose files are shown (the current one)\n"
         "  --auth token|none      token: only who opens the URL printed gets a shell (token)\n"
         "                         none: everybody who can reach the port does\n"
         "  --read-only            files and terminals are looked at; nothing is typed or changed\n"
         "  --shell PROGRAM        what a terminal runs (the user's shell)\n"
         "  --grace MINUTES        how long a shell lives on when nobody looks at it (10)\n"
         "  --idle-shutdown MINUTES  end when nobody was connected for so long, 0 for never (0)\n"
         "\n"
         "  --address ADDRESS      to listen on: another than the loopback's needs --host, and should have TLS;\n"
         "                         unix:/path is a UNIX socket (127.0.0.1)\n"
         "  --host NAME[:PORT]     a name that browsers know this server by; repeatable\n"
         "  --certificate FILE     PEM, with --key FILE: speaks TLS\n"
         "  --behind-tls           a proxy speaks TLS\n"
         "  --url-file FILE        write the URL, which lets in who reads it, there instead of printing it\n"
         "  --allow-origin ORIGIN  another page that may connect, e.g. http://localhost:5173; repeatable\n"
         "  --page DIR             the page's folder, with its node_modules (page, beside the program)\n"
         "  --help                 this text\n"
         "\n"
         "The URL lets in one browser. For another one send the signal USR1, and a new URL is printed.\n";
}

}  // namespace repl
