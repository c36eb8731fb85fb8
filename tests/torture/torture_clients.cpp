// torture_clients PORT COUNT BASE CAP: clients of one server that come back when it does (row 31). Prints a line for
// each connection that opened or was lost and for each attempt that failed, with the milliseconds since the start:
// "open 17", "lost 812", "failed 1043". Ends at the end of its input.
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
  const auto tell = [start](const char* what) {
    const auto since = std::chrono::steady_clock::now() - start;
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    std::cout << std::string(what) + " " + std::to_string(passed) + "\n" << std::flush;
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
    client->On("connect", [tell] { tell("open"); });
    client->OnReconnecting([tell](const ws::Reconnecting& next) { tell(next.error ? "failed" : "lost"); });
    client->Start();
  }
  std::thread io([&context] { context.run(); });
  for (std::string line; std::getline(std::cin, line);) {
  }
  clients.clear();
  work.reset();
  io.join();
}
