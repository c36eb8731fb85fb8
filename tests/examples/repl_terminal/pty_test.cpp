#include "pty.hpp"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>

#include "process_session.hpp"
#include "support/catch.hpp"
#include "support/process_figures.hpp"
#include "utf8.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using repl::Pty;
using repl::PtyExit;
using repl::PtyOptions;
using ws::test::HasNoChildren;
using ws::test::OpenDescriptors;

// A shell whose output is read as it comes, on a context that runs while somebody waits.
class Terminal {
 public:
  boost::system::error_code Start(PtyOptions options) {
    const boost::system::error_code error = pty.Start(options);
    if (!error) asio::co_spawn(pty.Executor(), Pump(), asio::detached);
    return error;
  }

  // A script in place of an interactive shell.
  void Run(const std::string& script) {
    PtyOptions options;
    options.shell = "/bin/sh";
    options.arguments = {"-c", script};
    options.grace = 200ms;
    REQUIRE_FALSE(Start(options));
  }

  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(20ms);
    }
    return condition();
  }

  bool Sees(const std::string& text) {
    return Until([&] { return output.find(text) != std::string::npos; });
  }

  PtyExit End() {
    std::optional<PtyExit> exit;
    asio::co_spawn(pty.Executor(), pty.ClosedAsync(), [&](std::exception_ptr, PtyExit how) { exit = how; });
    REQUIRE(Until([&] { return exit.has_value(); }));
    return *exit;
  }

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  Pty pty{context.get_executor()};
  std::string output;
  bool ended = false;
  bool always_whole = true;
  std::size_t largest_chunk = 0;

 private:
  asio::awaitable<void> Pump() {
    for (;;) {
      const std::string chunk = co_await pty.ReadAsync();
      if (chunk.empty()) break;
      always_whole = always_whole && repl::IsUtf8(chunk);
      largest_chunk = std::max(largest_chunk, chunk.size());
      output += chunk;
    }
    ended = true;
  }
};

pid_t NumberAfter(const std::string& output, const std::string& word) {
  return std::atoi(output.c_str() + output.find(word) + word.size());
}

}  // namespace

TEST_CASE("a shell's output arrives, then the end, then its exit code") {
  Terminal terminal;
  terminal.Run("printf 'hello '; tty >/dev/null && echo terminal; exit 7");
  CHECK(terminal.Until([&] { return terminal.ended; }));
  CHECK(terminal.output == "hello terminal\r\n");
  const PtyExit exit = terminal.End();
  CHECK(exit.code == 7);
  CHECK(exit.signal == 0);
  CHECK(HasNoChildren());
}

TEST_CASE("a shell that a signal ended says which") {
  Terminal terminal;
  terminal.Run("kill -9 $$");
  CHECK(terminal.End().signal == SIGKILL);
}

TEST_CASE("a shell or a folder that does not exist is an error of Start") {
  Terminal terminal;
  PtyOptions options;
  options.shell = "/nowhere/shell";
  CHECK(terminal.Start(options) == boost::system::errc::no_such_file_or_directory);
  options.shell = "/bin/sh";
  options.folder = "/nowhere";
  CHECK(terminal.Start(options) == boost::system::errc::no_such_file_or_directory);
  CHECK(HasNoChildren());
}

TEST_CASE("what is written reaches the shell, and control characters act") {
  Terminal terminal;
  terminal.Run(
      "read line; echo got:$line; trap 'echo interrupted; exit 3' INT; echo ready; while read line; do :; done");
  CHECK_FALSE(terminal.pty.Write("one two\n"));
  REQUIRE(terminal.Sees("got:one two"));
  REQUIRE(terminal.Sees("ready"));
  CHECK_FALSE(terminal.pty.Write("\x03"));
  CHECK(terminal.Sees("interrupted"));
  CHECK(terminal.End().code == 3);
  terminal.pty.Close();
  CHECK(terminal.Until([&] { return bool(terminal.pty.Write("x")); }));
}

TEST_CASE("the environment is clean, descriptors are closed and signals are at their defaults") {
  ::setenv("SECRET_OF_THE_SERVER", "1", 1);
  ::signal(SIGPIPE, SIG_IGN);
  Terminal terminal;
  PtyOptions options;
  options.shell = "/bin/sh";
  options.folder = "/usr";
  options.environment = {{"ADDED", "yes"}};
  options.arguments = {"-c",
                       "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo TERM=$TERM ADDED=$ADDED;"
                       "pwd; ls /proc/$$/fd | tr '\\n' ' '; echo; grep -E 'SigIgn|SigBlk' /proc/self/status"};
  REQUIRE_FALSE(terminal.Start(options));
  REQUIRE(terminal.Until([&] { return terminal.ended; }));
  ::signal(SIGPIPE, SIG_DFL);
  INFO(terminal.output);
  CHECK(terminal.output.find("ADDED COLORTERM HOME LANG") == 0);
  CHECK(terminal.output.find("SECRET") == std::string::npos);
  CHECK(terminal.output.find("TERM=xterm-256color ADDED=yes\r\n/usr\r\n0 1 2 ") != std::string::npos);
  CHECK(terminal.output.find("SigBlk:\t0000000000000000") != std::string::npos);
  CHECK(terminal.output.find("SigIgn:\t0000000000000000") != std::string::npos);
}

TEST_CASE("characters stay whole in every chunk of much output, and no chunk is over its bound") {
  Terminal terminal;
  terminal.Run(
      "i=0; while [ $i -lt 4000 ]; do printf 'a\303\251\342\202\254\360\237\230\200'; i=$((i+1)); done;"
      "head -c 200000 /dev/zero | tr '\\0' '\\377'");
  REQUIRE(terminal.Until([&] { return terminal.ended; }));
  CHECK(terminal.always_whole);
  CHECK(terminal.largest_chunk <= Pty::max_chunk_bytes);
  std::string expected;
  for (int i = 0; i < 4000; ++i) expected += "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  CHECK(terminal.output.substr(0, expected.size()) == expected);
  CHECK(terminal.output.size() == expected.size() + 3 * 200000);
}

TEST_CASE("a size is clamped, at the start and later") {
  Terminal terminal;
  PtyOptions options;
  options.shell = "/bin/sh";
  options.cols = 0;
  options.rows = 70000;
  options.arguments = {"-c", "stty size; while read line; do stty size; done"};
  REQUIRE_FALSE(terminal.Start(options));
  CHECK(terminal.Sees("1000 1\r\n"));
  terminal.pty.Resize(65535, -1);
  CHECK_FALSE(terminal.pty.Write("\n"));
  CHECK(terminal.Sees("\n1 1000\r\n"));
  terminal.pty.Resize(132, 43);
  CHECK_FALSE(terminal.pty.Write("\n"));
  CHECK(terminal.Sees("\n43 132\r\n"));
}

TEST_CASE("input that nobody reads is bounded and refused, and blocks nothing") {
  Terminal terminal;
  terminal.Run("stty raw -echo; echo ready; read line; wc -c");
  REQUIRE(terminal.Sees("ready"));
  const std::string block(64 * 1024, 'x');
  std::size_t accepted = 0;
  boost::system::error_code error;
  for (int i = 0; i < 64 && !error; ++i) {
    error = terminal.pty.Write(block);
    if (!error) accepted += block.size();
  }
  CHECK(error == boost::system::errc::no_buffer_space);
  CHECK(accepted == PtyOptions{}.max_queued_bytes);
  terminal.pty.Close();
  CHECK(terminal.Until([&] { return terminal.ended; }));
  terminal.End();
}

TEST_CASE("a paste of the whole bound arrives in full and in order") {
  Terminal terminal;
  terminal.Run("stty raw -echo; echo ready; head -c 1048576 | cksum");
  REQUIRE(terminal.Sees("ready"));
  CHECK_FALSE(terminal.pty.Write(std::string(512 * 1024, 'a')));
  CHECK_FALSE(terminal.pty.Write(std::string(512 * 1024, 'b')));
  CHECK(terminal.Sees("2877206269 1048576"));
}

TEST_CASE("as long as nobody reads, a shell with much to say waits, and Close still ends it") {
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

TEST_CASE("Close ends the whole session, also what ignores SIGHUP or has a group of its own") {
  Terminal terminal;
  terminal.Run(
      "echo shell:$$; trap '' HUP; set -m; sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 &"
      "sh -c 'trap \"\" HUP TERM; echo ready; while :; do sleep 1; done'");
  REQUIRE(terminal.Sees("ready"));
  const pid_t shell = NumberAfter(terminal.output, "shell:");
  CHECK(repl::SessionMembers(shell).size() >= 4);
  terminal.pty.Close();
  terminal.pty.Close();
  CHECK(terminal.End().signal == SIGKILL);
  CHECK(repl::SessionMembers(shell).empty());
  CHECK(HasNoChildren());
}

TEST_CASE("a shell that ends takes its background jobs with it, and its last words are read") {
  Terminal terminal;
  terminal.Run("echo shell:$$; trap '' HUP; sleep 1000 & echo last words; exit 5");
  REQUIRE(terminal.Until([&] { return terminal.ended; }));
  CHECK(terminal.output.find("last words") != std::string::npos);
  CHECK(terminal.End().code == 5);
  CHECK(repl::SessionMembers(NumberAfter(terminal.output, "shell:")).empty());
}

TEST_CASE("a hundred terminals later no process and no descriptor is left") {
  {
    Terminal warm_up;
    warm_up.Run("exit");
    warm_up.End();
  }
  const std::ptrdiff_t before = OpenDescriptors();
  for (int i = 0; i < 100; ++i) {
    Terminal terminal;
    terminal.Run("echo ready; sleep 1000");
    if (i % 2 == 0) REQUIRE(terminal.Sees("ready"));
    terminal.pty.Close();
    terminal.End();
  }
  CHECK(OpenDescriptors() == before);
  CHECK(HasNoChildren());
}

TEST_CASE("a context destroyed under an open terminal leaves no process") {
  pid_t shell = 0;
  {
    Terminal terminal;
    terminal.Run("echo shell:$$; trap '' HUP; sleep 1000 & echo ready; wait");
    REQUIRE(terminal.Sees("ready"));
    shell = NumberAfter(terminal.output, "shell:");
  }
  CHECK(HasNoChildren());
  CHECK(repl::SessionMembers(shell).empty());
}

TEST_CASE("verbs may come from any thread while the executor has several") {
  asio::thread_pool pool(3);
  {
    Pty pty(pool.get_executor());
    PtyOptions options;
    options.shell = "/bin/sh";
    options.arguments = {"-c", "stty raw -echo; echo ready; head -c 3000 | wc -c; exec cat"};
    REQUIRE_FALSE(pty.Start(options));
    const auto read = [&] { return asio::co_spawn(pty.Executor(), pty.ReadAsync(), asio::use_future).get(); };
    CHECK(read() == "ready\n");
    std::thread resizer([&] {
      for (int i = 0; i < 300; ++i) pty.Resize(i, i);
    });
    for (int i = 0; i < 300; ++i) CHECK_FALSE(pty.Write("0123456789"));
    CHECK(read() == "3000\n");
    resizer.join();
    pty.Close();
    asio::co_spawn(pty.Executor(), pty.ClosedAsync(), asio::use_future).get();
  }
  pool.join();
  CHECK(HasNoChildren());
}
