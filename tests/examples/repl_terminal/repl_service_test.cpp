#include "repl_service.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "process_session.hpp"
#include "service_fixture.hpp"
#include "support/catch.hpp"
#include "terminal_events.hpp"

namespace {

using repl::test::Client;
using repl::test::Service;
using ws::Json;

bool HasEndedWithin(std::chrono::seconds time, pid_t shell) {
  return repl::test::Within(time, [shell] { return repl::SessionMembers(shell).empty(); });
}

}  // namespace

TEST_CASE("a terminal can be used, resized and closed, and its output is plain text") {
  Service service;
  Client client(service.server.Port());
  const std::string session = client.OpenTerminal();
  client.Emit("terminalResize", {{"sessionId", session}, {"cols", 132}, {"rows", 43}});
  client.Type(session, "stty size; pwd; echo sum:$((40+2))\n");
  const std::string output = client.OutputUntil("sum:42");
  CHECK(output.find("43 132") != std::string::npos);
  CHECK(output.find(service.root.filename()) != std::string::npos);
  const pid_t shell = client.ShellPid(session);
  client.Emit("closeTerminal", {{"sessionId", session}});
  CHECK(client.Next("terminalClosed").at("sessionId") == session);
  CHECK(repl::SessionMembers(shell).empty());
  client.Type(session, "x");
  CHECK(client.Next("terminalError").contains("error"));
}

TEST_CASE("the exit code of a shell is sent, and another shell can be opened") {
  Service service;
  Client client(service.server.Port());
  client.Type(client.OpenTerminal(), "exit 7\n");
  CHECK(client.Next("terminalClosed").at("code") == 7);
  client.Type(client.OpenTerminal(), "echo again:$((1+1))\n");
  client.OutputUntil("again:2");
}

TEST_CASE("a connection can control only the terminals to which it is attached") {
  Service service;
  Client first(service.server.Port()), other(service.server.Port());
  const std::string kept = first.OpenTerminal();
  const std::string session = other.OpenTerminal();
  const pid_t shell = other.ShellPid(session);
  for (const std::string event : {"terminalInput", "terminalResize", "closeTerminal"}) {
    first.Emit(event, {{"sessionId", session}, {"data", "exit\n"}, {"cols", 1}, {"rows", 1}});
    CHECK(first.Next("terminalError").at("sessionId") == session);
  }
  CHECK_FALSE(repl::SessionMembers(shell).empty());
  first.Type(kept, "echo still:$((1+1))\n");
  first.OutputUntil("still:2");
}

TEST_CASE("a shell outlives its connection, and a new connection gets its scrollback") {
  Service service;
  std::string session;
  pid_t shell = 0;
  {
    Client first(service.server.Port());
    session = first.OpenTerminal();
    shell = first.ShellPid(session);
  }
  Client second(service.server.Port());
  second.Emit("requestTerminal", {{"sessionId", session}});
  CHECK(second.Next("terminalConnected").at("sessionId") == session);
  second.OutputUntil("end:2");
  CHECK(second.ShellPid(session) == shell);
}

TEST_CASE("a shell without viewers ends after the grace time, with all its processes") {
  Service service({.detached_grace = std::chrono::milliseconds(50)});
  pid_t shell = 0;
  {
    Client first(service.server.Port());
    const std::string session = first.OpenTerminal();
    first.Type(session, "sleep 1000 & ");
    shell = first.ShellPid(session);
  }
  CHECK(HasEndedWithin(std::chrono::seconds(20), shell));
}

TEST_CASE("an unknown session id gives a new shell") {
  Service service;
  Client client(service.server.Port());
  client.Emit("requestTerminal", {{"sessionId", "0123456789abcdef"}, {"stream", true}, {"cols", 100}, {"rows", 30}});
  const Json connected = client.Next("terminalConnected");
  CHECK(connected.at("sessionId") != "0123456789abcdef");
  CHECK(connected.at("resumed") == false);
  client.Emit("requestTerminal", {{"sessionId", "0123456789abcdef"}, {"stream", true}, {"readOnly", true}});
  CHECK(client.Next("terminalError").at("error") == "This terminal does not exist.");
  CHECK(connected.at("cols") == 100);
}

TEST_CASE("a streaming client is sent little more output than it has acknowledged") {
  Service service;
  Client client(service.server.Port());
  client.Emit("requestTerminal", {{"sessionId", nullptr}, {"stream", true}});
  const std::string session = client.Next("terminalConnected").at("sessionId");
  client.Type(session, "stty -echo; PS1=; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo all:$((1+1))\n");
  std::uint64_t end = 0, acknowledged = 0;
  std::string output;
  while (output.find("all:2") == output.npos) {
    const Json chunk = client.Next("terminalOutput");
    CHECK(chunk.at("sessionId") == session);
    output += chunk.at("data");
    end = chunk.at("end");
    CHECK(end == output.size());
    CHECK(end - acknowledged <= 256 * 1024 + repl::Pty::max_chunk_bytes);
    if (end - acknowledged < 200'000) continue;
    acknowledged = end;
    client.Emit("terminalAck", {{"sessionId", session}, {"end", end}});
  }
  CHECK(std::count(output.begin(), output.end(), 'x') >= 3'000'000);
}

TEST_CASE("a reloaded page gets the scrollback with its window sizes, then live output") {
  Service service;
  Client first(service.server.Port());
  first.Emit("requestTerminal", {{"sessionId", nullptr}, {"stream", true}, {"cols", 90}, {"rows", 20}});
  const std::string session = first.Next("terminalConnected").at("sessionId");
  first.Type(session, "echo shown:$((1+1))\n");
  std::string output;
  while (output.find("shown:2") == output.npos) output += first.Next("terminalOutput").at("data");

  Client second(service.server.Port());
  second.Emit("requestTerminal",
              {{"sessionId", session}, {"stream", true}, {"cols", 70}, {"rows", 30}, {"readOnly", true}});
  const Json connected = second.Next("terminalConnected");
  CHECK(connected.at("resumed") == true);
  CHECK(connected.at("readOnly") == true);
  CHECK(connected.at("cols") == 70);
  CHECK(connected.at("rows") == 20);
  std::string replayed;
  for (;;) {
    const Json replay = second.Next("terminalReplay");
    for (const Json& run : replay.at("runs")) {
      CHECK(run.at("cols") == 90);
      replayed += run.at("data");
    }
    if (replay.at("last") == true) break;
  }
  CHECK(replayed.find("shown:2") != replayed.npos);
  Json size = first.Next("terminalSize");
  while (size.at("viewers") != 2) size = first.Next("terminalSize");
  CHECK(size == Json{{"sessionId", session}, {"cols", 70}, {"rows", 20}, {"viewers", 2}});

  second.Type(session, "exit\n");
  CHECK(second.Next("terminalError").at("error") == "This window can only view the terminal.");
  second.Emit("detachTerminal", {{"sessionId", session}});
  while (size.at("viewers") != 1) size = first.Next("terminalSize");
  CHECK(size.at("cols") == 90);
  first.Type(session, "exit 3\n");
  CHECK(first.Next("terminalClosed").at("code") == 3);
}

TEST_CASE("unread output waits, and the interrupt still arrives") {
  Service service;
  Client client(service.server.Port());
  const std::string session = client.OpenTerminal();
  client.Type(session, "PS1='prompt''> '; yes 0123456789012345678901234567890123456789\n");
  client.OutputUntil("0123456789\r\n0123456789");  // the output, not the echo of the command
  CHECK(client.Ask("fetchContent", {{"path", "file.txt"}}).at("content") == "hello");
  client.Type(session, "\x03");
  client.OutputUntil("prompt> ");
  client.Type(session, "echo stopped:$((1+1))\n");
  client.OutputUntil("stopped:2");
}

TEST_CASE("a read-only server shows files and terminals, but refuses input and changes") {
  Service service({}, repl::Mode::ReadOnly);
  Client client(service.server.Port());
  CHECK(client.Ask("fetchContent", {{"path", "file.txt"}}).at("content") == "hello");
  client.Emit("requestTerminal", {{"sessionId", nullptr}, {"stream", true}});
  const Json connected = client.Next("terminalConnected");
  CHECK(connected.at("readOnly") == true);
  client.Type(connected.at("sessionId"), "touch made\n");
  CHECK(client.Next("error").at("code") == "read_only");
  client.Emit("delete", {{"path", "file.txt"}});
  CHECK(client.Ask("fetchDir", {{"Dir", "empty"}}).at("contents").empty());
  CHECK(std::filesystem::exists(service.root / "file.txt"));
  CHECK_FALSE(std::filesystem::exists(service.root / "made"));
}

TEST_CASE("the number of terminals is limited") {
  Service service;
  Client client(service.server.Port());
  for (std::size_t i = 0; i < repl::TerminalSessions::max_per_user; ++i) client.OpenTerminal();
  client.Emit("requestTerminal", {{"sessionId", nullptr}});
  CHECK(client.Next("terminalError").contains("error"));
}
