// torture_server: what most rows of tests/torture run against. Every flag takes a value; durations are milliseconds.
//   --port PORT                       0, the default, picks a free one; it is printed
//   --handshake --message --ping --dead --close --drain MS
//   --deflate 1                       permessage-deflate
//   --origin ORIGIN, --host HOST      allowed; may be repeated
// The route /raw echoes every message as it is. Any other speaks events: `say` is counted, `echo` comes back, `flood`
// {count, size} sends so many texts, `close` closes. At its end the server prints what its callbacks saw.
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

// What the callbacks saw, of all connections.
struct Seen {
  std::atomic<std::size_t> opened = 0, ended = 0, said = 0, late = 0;
};

struct End {
  std::atomic<bool> told = false;
};

}  // namespace

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 0};
  options.connection.log = options.log = [](const ws::LogRecord&) {};
  for (int index = 1; index < argc; index += 2) {
    if (index + 1 == argc || !SetOption(options, argv[index], argv[index + 1])) {
      std::cerr << "torture_server: " << argv[index] << " is no flag, or has no value\n";
      return 2;
    }
  }
  Seen seen;
  ws::Server server(options);
  server.Route("/raw", [](ws::Handler socket) {
    socket.OnMessage([](ws::Handler& peer, const ws::Message& message) -> boost::asio::awaitable<void> {
      co_await peer.SendAsync(message.Payload(), message.Type());
    });
  });
  server.Route("*", [&seen](ws::Handler socket) {
    socket.On("connect", [&seen] { ++seen.opened; });
    socket.On("disconnect", [&seen](ws::Handler& peer) {
      ++seen.ended;
      peer.Data<End>().told = true;
    });
    socket.Use([&seen](ws::Handler& peer, const ws::Message&) {
      if (peer.Data<End>().told) ++seen.late;
    });
    socket.On("say", [&seen] { ++seen.said; });
    socket.On("echo", [](ws::Handler& peer, const ws::Json& data) { peer.Emit("echo", data); });
    socket.On("close", [](ws::Handler& peer) { peer.Close(); });
    socket.On("flood", [](ws::Handler& peer, const ws::Json& data) {
      const std::string text(data.at("size").get<std::size_t>(), 'x');
      for (std::size_t left = data.at("count"); left > 0; --left) peer.Emit("text", text);
    });
  });
  if (const ws::Error error = server.Start()) {
    std::cerr << "torture_server: " << error.message() << "\n";
    return 1;
  }
  std::cout << server.Port() << std::endl;
  if (server.Run()) return 1;
  std::cout << "opened " << seen.opened << " ended " << seen.ended << " said " << seen.said << " late " << seen.late
            << std::endl;
}
