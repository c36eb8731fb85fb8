// frame_echo: a server that echoes every data message on any path, for the conformance tests. It prints its port.
//   --port PORT           0 selects a free port
//   --address ADDRESS     127.0.0.1 by default
//   --max-message BYTES   limit in both directions; the write queue's limit is derived from it
//   --deflate             accepts permessage-deflate
//   --tls CERT KEY        PEM files
//   --print-disconnects   prints the close reason of each connection
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <ws/ws.hpp>

namespace {

boost::asio::awaitable<void> Echo(ws::Handler& socket, const ws::Message& message) {
  co_await socket.SendAsync(message.Payload(), message.Type());
}

}  // namespace

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 9002};
  bool print_disconnects = false;
  for (int index = 1; index < argc; ++index) {
    const std::string_view flag = argv[index];
    const int values = flag == "--deflate" || flag == "--print-disconnects" ? 0 : flag == "--tls" ? 2 : 1;
    if (index + values >= argc) {
      std::cerr << "frame_echo: " << flag << " is unknown or lacks a value\n";
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
    } else if (flag == "--print-disconnects") {
      print_disconnects = true;
    } else if (flag == "--tls") {
      options.tls = ws::TlsFiles{argv[index + 1], argv[index + 2]};
    } else {
      std::cerr << "frame_echo: unknown flag " << flag << "\n";
      return 2;
    }
    index += values;
  }
  ws::Server server(options);
  server.Route("*", [print_disconnects](ws::Handler socket) {
    if (print_disconnects) {
      socket.OnTyped("disconnect", [](const ws::CloseReason& reason) {
        std::cout << "disconnected " + std::string(ws::ToString(reason.reason)) + " " + std::to_string(reason.code) +
                         "\n"
                  << std::flush;
      });
    }
    socket.OnMessage(Echo);
  });
  if (const ws::Error error = server.Start()) {
    std::cerr << "frame_echo: " << error.message() << "\n";
    return 1;
  }
  std::cout << server.Port() << std::endl;
  if (const ws::Error error = server.Run()) return 1;
}
