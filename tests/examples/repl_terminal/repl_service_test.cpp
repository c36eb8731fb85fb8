#include "repl_service.hpp"

#include <stdlib.h>

#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include "process_session.hpp"
#include "support/catch.hpp"
#include "terminals.hpp"
#include "ws/server.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace fs = std::filesystem;
using ws::Json;

// The service on a free port, with a workspace of its own.
struct Service {
  Service() : server({.port = 0}) {
    fs::create_directories(root / "folder");
    fs::create_directories(root / "empty");
    std::ofstream(root / "file.txt") << "hello";
    std::ofstream(root / "folder/large.txt") << std::string(std::size_t{4} << 20, '"');
    server.Route(repl::ReplService::path, repl::ReplService::Options(access, {}),
                 [this](ws::Handler socket) { service.Serve(socket); });
    if (server.Start()) throw std::runtime_error("the server does not start");
  }
  ~Service() {
    server.Stop();
    work.reset();
    attending.join();
    fs::remove_all(root);
  }

  const fs::path root = [] {
    std::string name = fs::temp_directory_path() / "repl-service-test-XXXXXX";
    return fs::path(::mkdtemp(name.data()));
  }();
  asio::io_context terminals;
  asio::executor_work_guard<asio::io_context::executor_type> work{terminals.get_executor()};
  repl::Workspace workspace{std::move(*repl::WorkspaceRoot::Open(root))};
  repl::Access access{repl::AuthMode::None};
  repl::ReplService service{workspace, terminals.get_executor(), {.shell = "/bin/sh", .folder = root}};
  std::thread attending{[this] { terminals.run(); }};
  ws::Server server;
};

// What the original's browser client does: events out, `event` and `data` of each message in.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    asio::ip::tcp::socket& socket = stream_.next_layer();
    socket.connect({asio::ip::address_v4::loopback(), port});
    stream_.handshake("127.0.0.1:" + std::to_string(port), repl::ReplService::path);
    stream_.read_message_max(std::size_t{64} << 20);
  }

  void Emit(const std::string& event, const Json& data = nullptr) {
    stream_.write(asio::buffer(Json{{"event", event}, {"data", data}}.dump()));
  }

  // The data of the next message of that name; what comes before it is passed over.
  Json Next(const std::string& event) {
    for (;;) {
      const Json message = Read();
      if (message.at("event") == event) return message.value("data", Json());
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

pid_t ShellOf(Client& client, const std::string& session) {
  client.Type(session, "echo shell:$$ end:$((1+1))\n");
  const std::string output = client.OutputUntil("end:2");
  return std::atoi(output.c_str() + output.rfind("shell:") + 6);
}

bool EndsWithin(std::chrono::seconds time, pid_t shell) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!repl::SessionMembers(shell).empty()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("Connection is answered by the root's contents, folders first") {
  Service service;
  Client client(service.server.Port());
  client.Emit("Connection");
  const Json loaded = client.Next("Loaded");
  std::string names;
  for (const Json& entry : loaded.at("rootContents")) {
    names += entry.at("name").get<std::string>() + (entry.at("isDir").get<bool>() ? "/ " : " ");
  }
  CHECK(names == "empty/ folder/ file.txt ");
}

TEST_CASE("every file event is answered in its own name, with the paths as they were sent") {
  Service service;
  Client client(service.server.Port());
  CHECK(client.Ask("fetchDir", {{"Dir", "/empty"}}) == Json{{"contents", Json::array()}, {"path", "/empty"}});
  CHECK(client.Ask("fetchDir", {{"dir", "empty"}}).at("path") == "empty");
  CHECK(client.Ask("fetchContent", {{"path", "/file.txt"}}) == Json{{"content", "hello"}, {"path", "/file.txt"}});
  CHECK(client.Ask("updateContent", {{"path", "file.txt"}, {"patch", "@@ -1,5 +1,6 @@\n hello\n+!\n"}}).at("success") ==
        true);
  CHECK(client.Ask("createFile", {{"path", "/new/deep/file"}}) == Json{{"success", true}, {"path", "/new/deep/file"}});
  CHECK(client.Ask("createFolder", {{"path", "other"}}).at("success") == true);
  CHECK(client.Ask("rename", {{"oldPath", "file.txt"}, {"newPath", "/renamed"}}) ==
        Json{{"success", true}, {"oldPath", "file.txt"}, {"newPath", "/renamed"}});
  CHECK(client.Ask("copy", {{"sourcePath", "renamed"}, {"targetPath", "made/copy"}}).at("success") == true);
  CHECK(client.Ask("cut", {{"sourcePath", "renamed"}}).at("success") == true);
  CHECK(client.Ask("paste", {{"targetPath", "pasted"}}) == Json{{"success", true}, {"targetPath", "pasted"}});
  CHECK(client.Ask("delete", {{"path", "new"}}) == Json{{"success", true}, {"path", "new"}});
  CHECK(client.Ask("fetchContent", {{"path", "pasted"}}).at("content") == "hello!");
  CHECK(client.Ask("fetchContent", {{"path", "made/copy"}}).at("content") == "hello!");
}

TEST_CASE("bad data and refusals are answered by an error, never by silence") {
  Service service;
  Client client(service.server.Port());
  for (const Json& data :
       {Json(), Json(1), Json::array(), Json{{"path", 7}}, Json{{"path", "../x"}}, Json{{"path", ""}}}) {
    for (const std::string event : {"fetchContent", "updateContent", "createFile", "createFolder", "delete"}) {
      INFO(event << data);
      CHECK(client.Ask(event, data).contains("error"));
    }
  }
  for (const std::string event : {"fetchDir", "rename", "copy", "cut", "paste"})
    CHECK(client.Ask(event, {}).contains("error"));
  CHECK(fs::exists(service.root));
}

TEST_CASE("a file of the largest size comes whole, and goes back in one patch") {
  Service service;
  Client client(service.server.Port());
  const std::string content = client.Ask("fetchContent", {{"path", "folder/large.txt"}}).at("content");
  CHECK(content == std::string(std::size_t{4} << 20, '"'));
  std::string quotes;
  for (std::size_t i = 0; i < content.size() - 1; ++i) quotes += "%22";
  const std::string patch = "@@ -1," + std::to_string(content.size()) + " +1 @@\n-" + quotes + "\n %22\n";
  CHECK(client.Ask("updateContent", {{"path", "folder/large.txt"}, {"patch", patch}}).contains("success"));
  CHECK(fs::file_size(service.root / "folder/large.txt") == 1);
}

TEST_CASE("each connection has a clipboard of its own") {
  Service service;
  Client mine(service.server.Port()), yours(service.server.Port());
  CHECK(mine.Ask("cut", {{"sourcePath", "file.txt"}}).contains("success"));
  CHECK(yours.Ask("paste", {{"targetPath", "stolen"}}).contains("error"));
  CHECK(mine.Ask("paste", {{"targetPath", "moved"}}).contains("success"));
}

TEST_CASE("a terminal answers, resizes and closes, and its output is a plain text") {
  Service service;
  Client client(service.server.Port());
  const std::string session = client.OpenTerminal();
  client.Emit("terminalResize", {{"sessionId", session}, {"cols", 132}, {"rows", 43}});
  client.Type(session, "stty size; pwd; echo sum:$((40+2))\n");
  const std::string output = client.OutputUntil("sum:42");
  CHECK(output.find("43 132") != std::string::npos);
  CHECK(output.find(service.root.filename()) != std::string::npos);
  const pid_t shell = ShellOf(client, session);
  client.Emit("closeTerminal", {{"sessionId", session}});
  CHECK(client.Next("terminalClosed").at("sessionId") == session);
  CHECK(repl::SessionMembers(shell).empty());
  client.Type(session, "x");
  CHECK(client.Next("terminalError").contains("error"));
}

TEST_CASE("a shell that ends says with which code, and another can be opened") {
  Service service;
  Client client(service.server.Port());
  client.Type(client.OpenTerminal(), "exit 7\n");
  CHECK(client.Next("terminalClosed").at("code") == 7);
  client.Type(client.OpenTerminal(), "echo again:$((1+1))\n");
  client.OutputUntil("again:2");
}

TEST_CASE("a connection drives its own terminals only, and takes them along when it ends") {
  Service service;
  Client stays(service.server.Port());
  const std::string kept = stays.OpenTerminal();
  pid_t shell = 0;
  {
    Client goes(service.server.Port());
    const std::string session = goes.OpenTerminal();
    shell = ShellOf(goes, session);
    for (const std::string event : {"terminalInput", "terminalResize", "closeTerminal"}) {
      stays.Emit(event, {{"sessionId", session}, {"data", "exit\n"}, {"cols", 1}, {"rows", 1}});
      CHECK(stays.Next("terminalError").at("sessionId") == session);
    }
    CHECK_FALSE(repl::SessionMembers(shell).empty());
  }
  CHECK(EndsWithin(std::chrono::seconds(5), shell));
  stays.Type(kept, "echo still:$((1+1))\n");
  stays.OutputUntil("still:2");
}

TEST_CASE("output that nobody reads waits, and the interrupt still arrives") {
  Service service;
  Client client(service.server.Port());
  const std::string session = client.OpenTerminal();
  client.Type(session, "PS1='prompt''> '; yes 0123456789012345678901234567890123456789\n");
  client.OutputUntil("0123456789\r\n0123456789");  // not merely the command's echo
  CHECK(client.Ask("fetchContent", {{"path", "file.txt"}}).at("content") == "hello");
  client.Type(session, "\x03");
  client.OutputUntil("prompt> ");
  client.Type(session, "echo stopped:$((1+1))\n");
  client.OutputUntil("stopped:2");
}

TEST_CASE("terminals are bounded in number") {
  Service service;
  Client client(service.server.Port());
  for (std::size_t i = 0; i < repl::Terminals::max_open; ++i) client.OpenTerminal();
  client.Emit("requestTerminal", {{"sessionId", nullptr}});
  CHECK(client.Next("terminalError").contains("error"));
}
