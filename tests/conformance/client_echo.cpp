// client_echo: a client that echoes every data message, for the conformance test. It says on its standard output when
// it is connected, disconnected, and about to try again; a line on its standard input is the code that it stops with,
// and the end of the input stops it too.
//   --url URL             ws://… or wss://…
//   --ca FILE             the authority that wss servers are trusted by
//   --deflate             offers permessage-deflate
//   --subprotocol NAME    offers it; may be repeated
//   --backoff BASE CAP    milliseconds
//   --handshake MS        for an attempt as a whole
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <ws/ws.hpp>

namespace {

void Say(const std::string& line) {
  std::cout << line + "\n" << std::flush;  // one write: callbacks come on threads of their own
}

std::chrono::milliseconds Milliseconds(const char* text) {
  return std::chrono::milliseconds(std::strtoll(text, nullptr, 10));
}

bool Read(int argc, char** argv, ws::ClientOptions& options) {
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
  if (!Read(argc, argv, options)) {
    std::cerr << "client_echo: unknown flags, or a flag needs more\n";
    return 2;
  }
  ws::Client client(std::move(options));
  client.On("connect", [&client] { Say("connected " + client.Subprotocol()); });
  client.OnTyped("disconnect", [](const ws::CloseReason& reason) {
    Say("disconnected " + std::string(ws::ToString(reason.reason)) + " " + std::to_string(reason.code));
  });
  client.OnReconnecting([](const ws::Reconnecting& next) {
    Say("reconnecting " + std::to_string(next.attempt) + " " + std::to_string(next.delay.count()) + " " +
        next.error.message());
  });
  client.OnMessage([](ws::Handler& peer, const ws::Message& message) -> boost::asio::awaitable<void> {
    co_await peer.SendAsync(message.Payload(), message.Type());
  });
  client.Start();
  std::string code;
  std::getline(std::cin, code);
  client.Stop(code.empty() ? std::uint16_t{1000} : static_cast<std::uint16_t>(std::stoi(code)));
} catch (const std::exception& failure) {
  std::cerr << "client_echo: " << failure.what() << "\n";
  return 1;
}
