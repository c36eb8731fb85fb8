// chat [--port PORT] [--page FOLDER]: rooms to talk in, for browsers. Read chat.cpp for the events.
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

constexpr std::string_view help =
    "Rooms to talk in, for browsers of this machine.\n"
    "\n"
    "  --port PORT    to listen on, 0 for any that is free (9004)\n"
    "  --page FOLDER  the page's files (chat_page, beside the program)\n"
    "  --help         this text\n";

struct CommandLine {
  std::uint16_t port = 9004;
  std::string page = {};
  bool help = false;
};

// Linux knows where the program lies, however it was called.
fs::path PageBeside(const char* called) {
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  return (none ? fs::absolute(called) : program).parent_path() / "chat_page";
}

int Fail(const std::string& problem) {
  std::cerr << "chat: " << problem << "\n";
  return 1;
}

// The error is a sentence; none where all was understood.
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
      line.page = value;
      continue;
    }
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), line.port);
    if (error != std::errc() || end != value.data() + value.size()) return "not a port: " + std::string(value);
  }
  return std::nullopt;
}

}  // namespace

int main(int count, char** arguments) {
  CommandLine line;
  if (const auto problem = Parse(count, arguments, line)) return Fail(*problem + " (--help tells what there is)");
  if (line.help) {
    std::cout << help;
    return 0;
  }
  const chat::Page page(line.page.empty() ? PageBeside(arguments[0]) : fs::path(line.page));
  if (!page.Missing().empty()) return Fail("no " + std::string(page.Missing()) + " in the page's folder (--page)");

  ws::ServerOptions options{.port = line.port};
  options.connection.max_message_bytes = 32 * 1024;  // the longest text, every character escaped
  options.connection.rate_limit = {.messages_per_second = 10, .burst_messages = 100};
  // Who cannot follow is let go instead of missing a message: his page comes back, and finds the history.
  options.connection.overflow = ws::Overflow::Close;
  // No foreign name may lead a browser here (DNS rebinding).
  options.connection.allowed_hosts = {"127.0.0.1", "localhost"};

  ws::Server server(options);
  const chat::Chat events(server.Hub());
  server.Route("/ws");  // all callbacks are the hub's
  server.OnRequest([&](const ws::HttpRequest& request) { return page.Answer(request); });
  if (const ws::Error error = server.Start()) {
    return Fail("cannot listen on port " + std::to_string(line.port) + ": " + error.message());
  }
  std::cout << "Open http://127.0.0.1:" << server.Port() << "/" << std::endl;
  return server.Run() ? 1 : 0;
}
