#include "command_line.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <iterator>
#include <string_view>

namespace repl {
namespace {

template <class Number>
bool ParseNumber(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParseMinutes(std::string_view text, std::chrono::minutes& minutes) {
  std::uint16_t number = 0;
  const bool is_number = ParseNumber(text, number);
  minutes = std::chrono::minutes(number);
  return is_number;
}

// Returns false if the value is invalid.
bool ApplyFlag(std::string_view flag, const std::string& value, CommandLine& line) {
  if (value.empty()) return false;
  if (flag == "--port") return ParseNumber(value, line.port);
  if (flag == "--grace") return ParseMinutes(value, line.detached_grace);
  if (flag == "--idle-shutdown") return ParseMinutes(value, line.idle_shutdown);
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

bool IsLocalAddress(const std::string& address) {
  boost::system::error_code invalid;
  return address.starts_with("unix:") || boost::asio::ip::make_address(address, invalid).is_loopback();
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
    if (!ApplyFlag(flag, value, line)) return Problem{"Invalid value for " + flag + ": " + value};
  }
  if (line.certificate.empty() != line.key.empty()) return Problem{"--certificate and --key must be used together"};
  for (const std::string& origin : line.allowed_origins) {
    if (origin.find("://") == origin.npos)
      return Problem{"--allow-origin needs an origin such as http://localhost:5173, not " + origin};
  }
  line.is_remote = !IsLocalAddress(line.address);
  if (!line.is_remote) return line;
  if (line.auth == AuthMode::None) {
    return Problem{"--auth none with --address " + line.address +
                   " would give a shell to every machine that can connect; use a proxy with authentication"};
  }
  if (line.hosts.empty())
    return Problem{"--address " + line.address + " needs --host, the host name that browsers use"};
  return line;
}

std::string HelpText() {
  return "A terminal and a file tree in the browser. By default only this machine can connect.\n"
         "\n"
         "  --port PORT            port to listen on, 0 for any free port (8080)\n"
         "  --workspace DIR        folder to show (the current folder)\n"
         "  --auth token|none      token: only a browser that opens the printed URL gets a shell (token)\n"
         "                         none: every program that can reach the port gets a shell\n"
         "  --read-only            show files and terminals, but allow no input and no changes\n"
         "  --shell PROGRAM        program that a terminal runs (the user's shell)\n"
         "  --grace MINUTES        time after which a shell without viewers is ended (10)\n"
         "  --idle-shutdown MINUTES  time without connections after which the server exits, 0 for never (0)\n"
         "\n"
         "  --address ADDRESS      address to listen on, or unix:/path for a UNIX socket (127.0.0.1);\n"
         "                         an address other than loopback needs --host, and should have TLS\n"
         "  --host NAME[:PORT]     host name that browsers use for this server; repeatable\n"
         "  --certificate FILE     certificate in PEM, enables TLS; needs --key\n"
         "  --key FILE             private key in PEM\n"
         "  --behind-tls           a proxy in front of this server speaks TLS\n"
         "  --url-file FILE        write the secret URL to this file instead of printing it\n"
         "  --allow-origin ORIGIN  another origin whose pages may connect, e.g. http://localhost:5173; repeatable\n"
         "  --page DIR             folder of the page, with its node_modules (page, beside the program)\n"
         "  --help                 show this text\n"
         "\n"
         "The URL works for one browser. To print a new URL for another browser, send the signal SIGUSR1.\n";
}

}  // namespace repl
