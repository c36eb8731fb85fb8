// client [URL]: prints each event from the server, and sends each input line `EVENT JSON` as a request.
#include <exception>
#include <iostream>
#include <string>
#include <ws/ws.hpp>

namespace {

void Print(const std::string& line) {
  std::cout << line + "\n" << std::flush;  // one write per line: callbacks and main run on different threads
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "ws://127.0.0.1:9001/ws";
  ws::Client client{{.url = url}};
  client.On("connect", [url] { Print("connected to " + url); });
  client.OnTyped("disconnect", [](const ws::CloseReason& reason) {
    Print("disconnected: " + std::string(ws::ToString(reason.reason)) + " " + std::to_string(reason.code) + " " +
          reason.text);
  });
  client.OnReconnecting([](const ws::Reconnecting& next) {
    Print("reconnect attempt " + std::to_string(next.attempt) + " in " + std::to_string(next.delay.count()) + " ms" +
          (next.error ? ": " + next.error.message() : ""));
  });
  client.OnAny([](ws::Handler&, const ws::Message& message) {
    Print(std::string(message.Event()) + " " + std::string(message.RawData()));
  });
  client.Start();

  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t space = line.find(' ');
    const std::string text = space == line.npos ? "null" : line.substr(space + 1);
    const ws::Json data = ws::Json::parse(text, nullptr, false);
    if (data.is_discarded()) {
      Print("invalid JSON: " + text);
      continue;
    }
    client.Request(line.substr(0, space), data, [](const ws::Reply& reply) {
      Print(reply.error ? "failed: " + reply.error.message() + " " + reply.failure.message
                        : "reply " + reply.data.dump());
    });
  }
  client.Stop();
} catch (const std::exception& error) {
  std::cerr << "client: " << error.what() << "\n";
  return 1;
}
