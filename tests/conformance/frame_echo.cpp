// frame_echo: echoes every data message on any path, for the conformance test.
//   --port PORT           0 picks a free one; the port is printed
//   --address ADDRESS     127.0.0.1 by default
//   --max-message BYTES   both directions, and the write queue with it
//   --deflate             permessage-deflate
//   --tls CERT KEY        PEM files
//   --tell                says how each connection ended
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <ws/ws.hpp>

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 9002};
  bool tell = false;
  for (int index = 1; index < argc; ++index) {
    const std::string_view flag = argv[index];
    const int values = flag == "--deflate" || flag == "--tell" ? 0 : flag == "--tls" ? 2 : 1;
    if (index + values >= argc) {
      std::cerr << "frame_echo: " << flag << " needs more\n";
      return 2;
    }
    if (flag == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(argv[index + 1]));
    } else if (flag == "--address") {
      options.address = argv[index + 1];
    } else if (flag == "--max-message") {
      options.connection.max_message_bytes = std::strtoull(argv[index + 1], nullptr, 10);
      options.connection.max_inbound_bytes = options.connection.max_message_bytes;
      options.connection.max_outbound_bytes = 4 * options.connection.max_message_bytes;
    } else if (flag == "--deflate") {
      options.connection.deflate = true;
    } else if (flag == "--tell") {
      tell = true;
    } else if (flag == "--tls") {
      options.tls = ws::TlsFiles{argv[index + 1], argv[index + 2]};
    } else {
      std::cerr << "frame_echo: unknown flag " << flag << "\n";
      return 2;
    }
    index += values;
  }
  ws::Server server(options);
  server.Route("*", [tell](ws::Handler socket) {
    if (tell) {
      socket.OnTyped("disconnect", [](const ws::CloseReason& reason) {
        std::cout << "disconnected " + std::string(ws::ToString(reason.reason)) + " " + std::to_string(reason.code) +
                         "\n"
                  << std::flush;
      });
    }
    socket.OnMessage([](ws::Handler& peer, const ws::Message& message) -> boost::asio::awaitable<void> {
      co_await peer.SendAsync(message.Payload(), message.Type());
    });
  });
  if (const ws::Error error = server.Start()) {
    std::cerr << "frame_echo: " << error.message() << "\n";
    return 1;
  }
  std::cout << server.Port() << std::endl;
  if (const ws::Error error = server.Run()) return 1;
}
