// Starts a server on a free port, prints the port and stops.
#include <iostream>
#include <ws/ws.hpp>

int main() {
  ws::ServerOptions options{.port = 0};
  ws::Server server{options};
  server.Route("/ws", [](ws::Handler socket) {
    socket.On("echo", [](ws::Handler& peer, const ws::Json& data) { peer.Emit("echo", data); });
  });
  const ws::Error error = server.Start();
  const unsigned port = server.Port();
  std::cout << "port " << port << std::endl;
  server.Stop();
  return !error && port > 0 ? 0 : 1;
}
