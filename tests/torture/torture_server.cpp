// torture_server: the server for most rows of tests/torture. Each flag has a value; durations are in milliseconds.
//   --port PORT                       the default, 0, selects a free port; the port is printed
//   --handshake --message --ping --dead --close --drain MS
//   --deflate 1                       permessage-deflate
//   --origin ORIGIN, --host HOST      an allowed origin or host; may be repeated
// The route /raw echoes each message without an envelope. Other routes handle events: `say` is counted, `echo` is sent
// back, `flood` {count, size} sends `count` texts, `close` closes. At the end the server prints the counts of its
// callbacks.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <ws/ws.hpp>

namespace {

const std::map<std::string_view, std::chrono::milliseconds ws::Options::*> clocks = {
    {"--handshake", &ws::Options::handshake_timeout}, {"--message", &ws::Options::message_timeout},
    {"--ping", &ws::Options::ping_interval},          {"--dead", &ws::Options::idle_timeout},
    {"--close", &ws::Options::close_timeout},
};

bool SetOption(ws::ServerOptions& options, std::string_view flag, const char* value) {
  if (const auto clock = clocks.find(flag); clock != clocks.end()) {
    options.connection.*clock->second = std::chrono::milliseconds(std::atoi(value));
  } else if (flag == "--port") {
    options.port = static_cast<std::uint16_t>(std::atoi(value));
  } else if (flag == "--drain") {
    options.drain_timeout = std::chrono::milliseconds(std::atoi(value));
  } else if (flag == "--deflate") {
    options.connection.deflate = std::string_view(value) == "1";
  } else if (flag == "--origin") {
    options.connection.allowed_origins.push_back(value);
  } else if (flag == "--host") {
    options.connection.allowed_hosts.push_back(value);
  } else {
    return false;
  }
  return true;
}

// Counts of the callbacks of all connections. `late` counts messages after disconnect.
struct Counts {
  std::atomic<std::size_t> opened = 0, ended = 0, said = 0, late = 0;
};

// Data of one connection.
struct ConnectionState {
  std::atomic<bool> is_disconnected = false;
};

}  // namespace

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 0};
  options.connection.log = options.log = [](const ws::LogRecord&) {};
  for (int index = 1; index < argc; index += 2) {
    if (index + 1 == argc || !SetOption(options, argv[index], argv[index + 1])) {
      std::cerr << "torture_server: " << argv[index] << " is not a flag or has no value\n";
      return 2;
    }
  }
  Counts counts;
  ws::Server server(options);
  server.Route("/raw", [](ws::Handler socket) {
    socket.OnMessage([](ws::Handler& self, const ws::Message& message) -> boost::asio::awaitable<void> {
      co_await self.SendAsync(message.Payload(), message.Type());
    });
  });
  server.Route("*", [&counts](ws::Handler socket) {
    socket.On("connect", [&counts] { ++counts.opened; });
    socket.On("disconnect", [&counts](ws::Handler& self) {
      ++counts.ended;
      self.Data<ConnectionState>().is_disconnected = true;
    });
    socket.Use([&counts](ws::Handler& self, const ws::Message&) {
      if (self.Data<ConnectionState>().is_disconnected) ++counts.late;
    });
    socket.On("say", [&counts] { ++counts.said; });
    socket.On("echo", [](ws::Handler& self, const ws::Json& data) { self.Emit("echo", data); });
    socket.On("close", [](ws::Handler& self) { self.Close(); });
    socket.On("flood", [](ws::Handler& self, const ws::Json& data) {
      const std::string text(data.at("size").get<std::size_t>(), 'x');
      for (std::size_t left = data.at("count"); left > 0; --left) self.Emit("text", text);
    });
  });
  if (const ws::Error error = server.Start()) {
    std::cerr << "torture_server: " << error.message() << "\n";
    return 1;
  }
  std::cout << server.Port() << std::endl;
  if (server.Run()) return 1;
  std::cout << "opened " << counts.opened << " ended " << counts.ended << " said " << counts.said << " late "
            << counts.late << std::endl;
}
