// client [URL]: prints every event that a server sends, and emits what is typed as `event JSON`.
#include <exception>
#include <iostream>
#include <string>
#include <ws/ws.hpp>

namespace {

void Print(const std::string& line) {
  std::cout << line + "\n" << std::flush;  // one write: callbacks and main print side by side
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
    Print("attempt " + std::to_string(next.attempt) + " in " + std::to_string(next.delay.count()) + " ms" +
          (next.error ? ": " + next.error.message() : ""));
  });
  client.OnAny([](ws::Handler&, const ws::Message& message) {
    Print(std::string(message.Event()) + " " + std::string(message.RawData()));
  });
  client.Start();

  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t blank = line.find(' ');
    const std::string text = blank == line.npos ? "null" : line.substr(blank + 1);
    const ws::Json data = ws::Json::parse(text, nullptr, false);
    if (data.is_discarded()) {
      Print("no JSON: " + text);
      continue;
    }
    client.Request(line.substr(0, blank), data, [](const ws::Reply& reply) {
      Print(reply.error ? "failed: " + reply.error.message() + " " + reply.failure.message
                        : "reply " + reply.data.dump());
    });
  }
  client.Stop();
} catch (const std::exception& failure) {
  std::cerr << "client: " << failure.what() << "\n";
  return 1;
}
