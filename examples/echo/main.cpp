// echo [--port PORT]: a server that sends each `echo` event back.
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <ws/ws.hpp>

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 9001};
  if (argc == 3 && std::string_view(argv[1]) == "--port") {
    options.port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  } else if (argc != 1) {
    std::cerr << "usage: echo [--port PORT]\n";
    return 2;
  }
  ws::Server server{options};
  server.Route("/ws", [](ws::Handler socket) {
    socket.On("echo", [](ws::Handler& socket, const ws::Json& data) { socket.Emit("echo", data); });
  });
  if (const ws::Error error = server.Start()) {
    std::cerr << "echo: cannot listen on port " << options.port << ": " << error.message() << "\n";
    return 1;
  }
  std::cout << "ws://127.0.0.1:" << server.Port() << "/ws" << std::endl;
  return server.Run() ? 1 : 0;
}
