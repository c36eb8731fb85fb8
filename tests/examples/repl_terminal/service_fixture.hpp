// The service on loopback, and a client for it.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include "repl_service.hpp"
#include "support/temporary_folder.hpp"
#include "ws/server.hpp"

namespace repl::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace fs = std::filesystem;
using ws::Json;

// The service on a free port, with its own workspace.
struct Service {
  explicit Service(TerminalLimits limits = {}, Mode mode = Mode::Full) : server({.port = 0}) {
    terminals = std::make_shared<TerminalSessions>(context.get_executor(),
                                                   PtyOptions{.shell = "/bin/sh", .folder = root}, limits);
    service.emplace(workspace, disk.get_executor(), terminals, mode);
    fs::create_directories(root / "folder");
    fs::create_directories(root / "empty");
    std::ofstream(root / "file.txt") << "hello";
    std::ofstream(root / "folder/large.txt") << std::string(std::size_t{4} << 20, '"');
    ws::Options options = ReplService::Options(access, {});
    // Some tests let a client pause its reads, which can take long on a busy machine.
    options.write_timeout = options.idle_timeout = std::chrono::minutes(10);
    server.Route(ReplService::path, options, [this](ws::Handler socket) { service->Serve(socket); });
    if (server.Start()) throw std::runtime_error("the server does not start");
  }
  ~Service() {
    server.Stop();
    terminals->Close();
    work.reset();
    thread.join();
  }

  const ws::test::TemporaryFolder folder;
  const fs::path root = folder.Path();
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::shared_ptr<TerminalSessions> terminals;
  Workspace workspace{std::move(*WorkspaceRoot::Open(root))};
  asio::thread_pool disk{2};
  Access access{{.mode = AuthMode::None}};
  std::optional<ReplService> service;
  std::thread thread{[this] { context.run(); }};
  ws::Server server;
};

template <class Condition>
bool Within(std::chrono::seconds time, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// A client in the plain format: sends events, and receives `event` and `data` of each message.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    asio::ip::tcp::socket& socket = stream_.next_layer();
    socket.connect({asio::ip::address_v4::loopback(), port});
    stream_.handshake("127.0.0.1:" + std::to_string(port), ReplService::path);
    stream_.read_message_max(std::size_t{64} << 20);
  }

  void Emit(const std::string& event, const Json& data = nullptr) { Send({{"event", event}, {"data", data}}); }
  void Send(const Json& message) { stream_.write(asio::buffer(message.dump())); }

  // Returns the data, or another member, of the next message with this event. Skips other messages.
  Json Next(const std::string& event, const char* member = "data") {
    for (;;) {
      const Json message = Read();
      if (message.at("event") == event) return message.value(member, Json());
    }
  }
  // Returns the complete reply.
  Json Request(const std::string& event, const Json& data = nullptr) {
    Send({{"event", event}, {"id", 1}, {"data", data}});
    for (;;) {
      Json message = Read();
      if (message.at("event") == "$ack") return message;
    }
  }
  Json Ask(const std::string& event, const Json& data) {
    Emit(event, data);
    return Next(event + "Response");
  }

  std::string OpenTerminal() {
    Emit("requestTerminal", {{"sessionId", nullptr}});
    return Next("terminalConnected").at("sessionId");
  }
  void Type(const std::string& session, const std::string& text) {
    Emit("terminalInput", {{"sessionId", session}, {"data", text}});
  }
  std::string OutputUntil(const std::string& text) {
    std::string output;
    while (output.find(text) == std::string::npos) output += Next("terminalResponse").get<std::string>();
    return output;
  }
  // Returns the pid of a terminal's shell. The shell must be at its prompt.
  pid_t ShellPid(const std::string& session) {
    Type(session, "echo shell:$$ end:$((1+1))\n");
    const std::string output = OutputUntil("end:2");
    return std::atoi(output.c_str() + output.rfind("shell:") + 6);
  }

 private:
  Json Read() {
    beast::flat_buffer buffer;
    ws::Error result = asio::error::timed_out;
    stream_.async_read(buffer, [&](ws::Error error, std::size_t) { result = error; });
    context_.restart();
    context_.run_for(std::chrono::seconds(20));
    if (result) throw std::runtime_error("no message came: " + result.message());
    return Json::parse(beast::buffers_to_string(buffer.data()));
  }

  asio::io_context context_;
  beast::websocket::stream<asio::ip::tcp::socket> stream_{context_};
};

}  // namespace repl::test
