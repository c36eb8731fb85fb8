// client_echo: a client that echoes every data message, for the conformance tests. It prints a line when it connects,
// disconnects, or schedules a reconnect. A line on standard input stops it with that close code; the end of the input
// stops it with 1000.
//   --url URL             ws://… or wss://…
//   --ca FILE             the certificate authority that must have signed a wss server's certificate
//   --deflate             offers permessage-deflate
//   --subprotocol NAME    offers this subprotocol; may be repeated
//   --backoff BASE CAP    backoff in milliseconds
//   --handshake MS        timeout of a whole connection attempt in milliseconds
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <ws/ws.hpp>

namespace {

void Print(const std::string& line) {
  std::cout << line + "\n" << std::flush;  // one write, because callbacks run on several threads
}

std::chrono::milliseconds Milliseconds(const char* text) {
  return std::chrono::milliseconds(std::strtoll(text, nullptr, 10));
}

bool ParseFlags(int argc, char** argv, ws::ClientOptions& options) {
  for (int index = 1; index < argc; ++index) {
    const std::string_view flag = argv[index];
    const int values = flag == "--deflate" ? 0 : flag == "--backoff" ? 2 : 1;
    if (index + values >= argc) return false;
    if (flag == "--url") {
      options.url = argv[index + 1];
    } else if (flag == "--ca") {
      options.ca_file = argv[index + 1];
    } else if (flag == "--deflate") {
      options.connection.deflate = true;
    } else if (flag == "--subprotocol") {
      options.connection.subprotocols.emplace_back(argv[index + 1]);
    } else if (flag == "--backoff") {
      options.backoff_base = Milliseconds(argv[index + 1]);
      options.backoff_cap = Milliseconds(argv[index + 2]);
    } else if (flag == "--handshake") {
      options.connection.handshake_timeout = Milliseconds(argv[index + 1]);
    } else {
      return false;
    }
    index += values;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) try {
  ws::ClientOptions options;
  if (!ParseFlags(argc, argv, options)) {
    std::cerr << "client_echo: unknown flag or missing value\n";
    return 2;
  }
  ws::Client client(std::move(options));
  client.On("connect", [&client] { Print("connected " + client.Subprotocol()); });
  client.OnTyped("disconnect", [](const ws::CloseReason& reason) {
    Print("disconnected " + std::string(ws::ToString(reason.reason)) + " " + std::to_string(reason.code));
  });
  client.OnReconnecting([](const ws::Reconnecting& next) {
    Print("reconnecting " + std::to_string(next.attempt) + " " + std::to_string(next.delay.count()) + " " +
          next.error.message());
  });
  client.OnMessage([](ws::Handler& socket, const ws::Message& message) -> boost::asio::awaitable<void> {
    co_await socket.SendAsync(message.Payload(), message.Type());
  });
  client.Start();
  std::string code;
  std::getline(std::cin, code);
  client.Stop(code.empty() ? std::uint16_t{1000} : static_cast<std::uint16_t>(std::stoi(code)));
} catch (const std::exception& failure) {
  std::cerr << "client_echo: " << failure.what() << "\n";
  return 1;
}
