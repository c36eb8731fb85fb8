// A terminal leaves no process and no descriptor behind, regardless of how it ends.
#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <string>

#include "process_session.hpp"
#include "pty.hpp"
#include "pty_fixture.hpp"
#include "support/catch.hpp"
#include "support/process_figures.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using repl::Pty;
using repl::PtyOptions;
using repl::test::Terminal;
using ws::test::HasNoChildren;
using ws::test::OpenDescriptors;

pid_t NumberAfter(const std::string& output, const std::string& word) {
  return std::atoi(output.c_str() + output.find(word) + word.size());
}

}  // namespace

TEST_CASE("Close ends a shell that waits because its output is not read") {
  asio::io_context context;
  Pty pty(context.get_executor());
  PtyOptions options;
  options.shell = "/bin/sh";
  options.arguments = {"-c", "yes"};
  REQUIRE_FALSE(pty.Start(options));
  pty.Close();
  auto exit = asio::co_spawn(pty.Executor(), pty.ClosedAsync(), asio::use_future);
  context.run_for(10s);
  REQUIRE(exit.wait_for(0s) == std::future_status::ready);
  CHECK(exit.get().signal == SIGHUP);
}

TEST_CASE("Close ends the whole session, even processes that ignore SIGHUP or have their own group") {
  Terminal terminal;
  terminal.Run(
      "echo shell:$$; trap '' HUP; set -m; sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 &"
      "sh -c 'trap \"\" HUP TERM; echo ready; while :; do sleep 1; done'");
  REQUIRE(terminal.WaitForOutput("ready"));
  const pid_t shell = NumberAfter(terminal.output, "shell:");
  CHECK(repl::SessionMembers(shell).size() >= 4);
  terminal.pty.Close();
  terminal.pty.Close();
  CHECK(terminal.WaitForExit().signal == SIGKILL);
  CHECK(repl::SessionMembers(shell).empty());
  CHECK(HasNoChildren());
}

TEST_CASE("the end of a shell ends its background jobs, and its last output is read") {
  Terminal terminal;
  terminal.Run("echo shell:$$; trap '' HUP; sleep 1000 & echo last words; exit 5");
  REQUIRE(terminal.RunUntil([&] { return terminal.ended; }));
  CHECK(terminal.output.find("last words") != std::string::npos);
  CHECK(terminal.WaitForExit().code == 5);
  CHECK(repl::SessionMembers(NumberAfter(terminal.output, "shell:")).empty());
}

TEST_CASE("a hundred terminals leave no process and no descriptor") {
  {
    Terminal warm_up;
    warm_up.Run("exit");
    warm_up.WaitForExit();
  }
  const std::ptrdiff_t before = OpenDescriptors();
  for (int i = 0; i < 100; ++i) {
    Terminal terminal;
    terminal.Run("echo ready; sleep 1000");
    if (i % 2 == 0) REQUIRE(terminal.WaitForOutput("ready"));
    terminal.pty.Close();
    terminal.WaitForExit();
  }
  CHECK(OpenDescriptors() == before);
  CHECK(HasNoChildren());
}

TEST_CASE("a context destroyed under an open terminal leaves no process") {
  pid_t shell = 0;
  {
    Terminal terminal;
    terminal.Run("echo shell:$$; trap '' HUP; sleep 1000 & echo ready; wait");
    REQUIRE(terminal.WaitForOutput("ready"));
    shell = NumberAfter(terminal.output, "shell:");
  }
  CHECK(HasNoChildren());
  CHECK(repl::SessionMembers(shell).empty());
}
