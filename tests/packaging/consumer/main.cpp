// Starts a server on a free port, prints the port and stops.
#include <iostream>
#include <ws/ws.hpp>

namespace {

void Echo(ws::Handler& socket, const ws::Json& data) {
  socket.Emit("echo", data);
}

}  // namespace

int main() {
  ws::ServerOptions options{.port = 0};
  ws::Server server{options};
  server.Route("/ws", [](ws::Handler socket) { socket.On("echo", Echo); });
  const ws::Error error = server.Start();
  const unsigned port = server.Port();
  std::cout << "port " << port << std::endl;
  server.Stop();
  return !error && port > 0 ? 0 : 1;
}
