// bench_server [--port PORT] [--io-threads N] [--workers N|inline]: our server, which bench_load measures. `inline`
// runs the callbacks on the connection's I/O strand.
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <ws/ws.hpp>

namespace {

void SetOption(ws::ServerOptions& options, std::string_view name, const char* value) {
  if (name == "--port") options.port = static_cast<std::uint16_t>(std::atoi(value));
  if (name == "--io-threads") options.io_threads = static_cast<unsigned>(std::atoi(value));
  if (name != "--workers") return;
  if (std::string_view(value) == "inline") {
    options.connection.callback_thread = ws::CallbackThread::Io;
  } else {
    options.workers = static_cast<unsigned>(std::atoi(value));
  }
}

}  // namespace

int main(int argc, char** argv) {
  ws::ServerOptions options{.port = 0};
  options.connection.max_message_bytes = std::size_t{2} << 20;  // allows a text of 1 MiB in its envelope
  for (int index = 1; index + 1 < argc; index += 2) SetOption(options, argv[index], argv[index + 1]);

  ws::Server server{options};
  ws::Hub hub = server.Hub();
  hub.On("connect", [] {});
  hub.On("echo", [](ws::Handler& socket, const ws::Json& data) { socket.Emit("echo", data); });
  hub.On("join", [](ws::Handler& socket) { socket.Join("readers"); });
  hub.On("publish", [&hub](const ws::Json& data) { hub.To("readers").Emit("news", data); });
  server.Route("*");
  if (const ws::Error error = server.Start()) {
    std::cerr << "bench_server: port " << options.port << ": " << error.message() << "\n";
    return 1;
  }
  std::cout << "listening " << server.Port() << std::endl;
  return server.Run() ? 1 : 0;
}
