// Rows 34, 35 and 40 of the torture plan: a browser that does not read, a browser that is killed repeatedly, and a
// page of another origin.
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "process_session.hpp"
#include "service_fixture.hpp"
#include "support/catch.hpp"
#include "support/process_figures.hpp"

namespace {

using repl::test::Client;
using repl::test::Service;
using repl::test::Within;
using ws::Json;

constexpr std::size_t mega = 1'000'000;

// Returns the number of characters that the client receives, up to and including `end`.
std::size_t CountUntil(Client& client, const std::string& end) {
  std::size_t shown = 0;
  for (std::string last; last.find(end) == last.npos;) {
    const std::string more = client.Next("terminalResponse");
    shown += more.size();
    last = last.substr(last.size() - std::min(last.size(), end.size())) + more;
  }
  return shown;
}

// Waits for a child process of the shell. Returns its pid.
pid_t WaitForChild(pid_t shell) {
  for (;;) {
    for (const pid_t member : repl::SessionMembers(shell)) {
      if (member != shell) return member;
    }
    std::this_thread::yield();
  }
}

// Prints the time until `condition` is true. The torture plan limits it, and tests/torture checks the figure. The
// figure is meaningless on a busy machine.
template <class Condition>
void Report(const char* figure, const char* bound, Condition condition) {
  const auto begun = std::chrono::steady_clock::now();
  CHECK(Within(std::chrono::seconds(20), condition));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::cout << "figure: " << figure << ": " << taken.count() << " | bound: " << bound << std::endl;
}

std::size_t BytesWrittenBy(pid_t process) {
  std::ifstream figures("/proc/" + std::to_string(process) + "/io");
  std::string word;
  while (figures >> word && word != "wchar:") {
  }
  std::size_t bytes = 0;
  figures >> bytes;
  return bytes;
}

}  // namespace

TEST_CASE("a shell is not read for a browser that does not read, and an interrupt still reaches it") {
  Service service;
  Client stalled(service.server.Port()), reading(service.server.Port());
  const std::string session = stalled.OpenTerminal();
  const pid_t shell = stalled.ShellPid(session);
  const std::size_t memory = ws::test::MemoryKib();

  stalled.Type(session, "PS1='prompt''> '; yes\n");
  const pid_t yes = WaitForChild(shell);
  reading.Type(reading.OpenTerminal(), "head -c 40000000 /dev/zero | tr '\\0' x; echo all:$((1+1))\n");
  CHECK(CountUntil(reading, "all:2") > 40 * mega);
  CHECK(BytesWrittenBy(yes) > 0);
  CHECK(BytesWrittenBy(yes) < 20 * mega);  // socket buffers and our own buffers
  if (!ws::test::is_sanitized) CHECK(ws::test::MemoryKib() < memory + 32 * 1024);

  stalled.Type(session, "\x03");
  Report("Ctrl-C acts within", "1", [&] { return repl::SessionMembers(shell) == std::vector{shell}; });
  CHECK(CountUntil(stalled, "prompt> ") < 20 * mega);
}

TEST_CASE("a tab that is killed a thousand times leaves no process and no descriptor") {
  const std::ptrdiff_t descriptors = ws::test::OpenDescriptors();
  {
    Service service({.detached_grace = std::chrono::milliseconds(0)});
    std::vector<pid_t> shells;
    for (int round = 0; round < 1000; ++round) {
      Client tab(service.server.Port());
      const std::string session = tab.OpenTerminal();
      if (round % 10 != 0) continue;
      shells.push_back(tab.ShellPid(session));
      tab.Type(session, "(trap '' HUP; sleep 1000) & yes\n");  // ignores SIGHUP, and has unread output
    }
    Report("the whole group is gone within", "5", [] { return ws::test::HasNoChildren(); });
    for (const pid_t shell : shells) CHECK(repl::SessionMembers(shell).empty());
  }
  CHECK(ws::test::OpenDescriptors() == descriptors);
}

TEST_CASE("a page of another origin gets no shell") {
  Service service;
  const std::string host = "127.0.0.1:" + std::to_string(service.server.Port());
  const auto status_for = [&](const std::string& origin) {
    namespace websocket = repl::test::beast::websocket;
    using tcp = repl::test::asio::ip::tcp;
    repl::test::asio::io_context context;
    websocket::stream<tcp::socket> stream(context);
    stream.next_layer().connect({repl::test::asio::ip::address_v4::loopback(), service.server.Port()});
    stream.set_option(websocket::stream_base::decorator(
        [&](websocket::request_type& request) { request.set(repl::test::beast::http::field::origin, origin); }));
    websocket::response_type response;
    ws::Error error;
    stream.handshake(response, host, repl::ReplService::path, error);
    return response.result_int();
  };
  for (const char* origin : {"https://evil.example", "http://127.0.0.1:1", "null", "file://"}) {
    INFO(origin);
    CHECK(status_for(origin) == 403);
  }
  CHECK(status_for("http://" + host) == 101);
}
