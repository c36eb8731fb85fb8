// torture_clients PORT COUNT BASE CAP: COUNT clients that reconnect when their server restarts (row 31). BASE and CAP
// are the backoff in milliseconds. Prints a line for each connection that opened or was lost and for each attempt that
// failed, with the milliseconds since the start: "open 17", "lost 812", "failed 1043". Exits at the end of its input.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include <ws/ws.hpp>

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto start = std::chrono::steady_clock::now();
  const auto print = [start](const char* what) {
    const auto elapsed = std::chrono::steady_clock::now() - start;
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
    std::cout << std::string(what) + " " + std::to_string(milliseconds) + "\n" << std::flush;
  };
  boost::asio::io_context context{1};
  auto work = boost::asio::make_work_guard(context);
  std::vector<std::unique_ptr<ws::Client>> clients(std::strtoul(argv[2], nullptr, 10));
  for (auto& client : clients) {
    client = std::make_unique<ws::Client>(ws::ClientOptions{
        .url = std::string("ws://127.0.0.1:") + argv[1] + "/",
        .backoff_base = std::chrono::milliseconds(std::atoi(argv[3])),
        .backoff_cap = std::chrono::milliseconds(std::atoi(argv[4])),
        .io = context.get_executor(),
        .connection = {.callback_thread = ws::CallbackThread::Io, .log = [](const ws::LogRecord&) {}}});
    client->On("connect", [print] { print("open"); });
    client->OnReconnecting([print](const ws::Reconnecting& next) { print(next.error ? "failed" : "lost"); });
    client->Start();
  }
  std::thread io([&context] { context.run(); });
  for (std::string line; std::getline(std::cin, line);) {
  }
  clients.clear();
  work.reset();
  io.join();
}
