// chat [--port PORT] [--page FOLDER]: a chat server with rooms, for browsers. The events are in chat.cpp.
#include <charconv>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <ws/ws.hpp>

#include "chat.hpp"
#include "page.hpp"

namespace {

namespace fs = std::filesystem;

constexpr std::string_view help_text =
    "A chat server with rooms, for browsers on this machine.\n"
    "\n"
    "  --port PORT    port to listen on; 0 picks a free one (default: 9004)\n"
    "  --page FOLDER  folder of the page's files (default: chat_page beside the program)\n"
    "  --help         prints this text\n";

struct CommandLine {
  std::uint16_t port = 9004;
  std::string page_folder = {};
  bool help = false;
};

// Returns the folder chat_page beside the program. Asks Linux for the program's path, because argv[0] may be relative
// or found through PATH.
fs::path DefaultPageFolder(const char* argv0) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return (error ? fs::absolute(argv0) : program).parent_path() / "chat_page";
}

int Fail(const std::string& problem) {
  std::cerr << "chat: " << problem << "\n";
  return 1;
}

// Returns an error text, or nothing if the arguments are valid.
std::optional<std::string> Parse(int count, char** arguments, CommandLine& line) {
  for (int at = 1; at < count; ++at) {
    const std::string flag = arguments[at];
    if (flag == "--help") {
      line.help = true;
      continue;
    }
    if (flag != "--port" && flag != "--page") return "unknown argument: " + flag;
    if (++at == count) return flag + " needs a value";
    const std::string_view value = arguments[at];
    if (flag == "--page") {
      line.page_folder = value;
      continue;
    }
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), line.port);
    if (error != std::errc() || end != value.data() + value.size()) return "invalid port: " + std::string(value);
  }
  return std::nullopt;
}

}  // namespace

int main(int count, char** arguments) {
  CommandLine line;
  if (const auto problem = Parse(count, arguments, line)) return Fail(*problem + " (see --help)");
  if (line.help) {
    std::cout << help_text;
    return 0;
  }
  const chat::Page page(line.page_folder.empty() ? DefaultPageFolder(arguments[0]) : fs::path(line.page_folder));
  if (!page.MissingFile().empty()) return Fail("the page's folder (--page) has no " + std::string(page.MissingFile()));

  ws::ServerOptions options{.port = line.port};
  options.connection.max_message_bytes = 32 * 1024;  // fits the longest text with every character escaped
  options.connection.rate_limit = {.messages_per_second = 10, .burst_messages = 100};
  // Closes the connection of a client that reads too slowly. Its page reconnects and gets the history, so no message
  // is missing.
  options.connection.overflow = ws::Overflow::Close;
  // Protects against DNS rebinding: a host name of another site cannot lead a browser to this server.
  options.connection.allowed_hosts = {"127.0.0.1", "localhost"};

  ws::Server server(options);
  const chat::Chat events(server.Hub());
  server.Route("/ws");  // all callbacks are registered on the hub
  server.OnRequest([&](const ws::HttpRequest& request) { return page.Respond(request); });
  if (const ws::Error error = server.Start()) {
    return Fail("cannot listen on port " + std::to_string(line.port) + ": " + error.message());
  }
  std::cout << "Open http://127.0.0.1:" << server.Port() << "/" << std::endl;
  return server.Run() ? 1 : 0;
}
