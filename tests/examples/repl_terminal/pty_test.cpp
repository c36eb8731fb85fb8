#include "pty.hpp"

#include <signal.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <thread>

#include "pty_fixture.hpp"
#include "support/catch.hpp"
#include "support/process_figures.hpp"

namespace asio = boost::asio;
using repl::Pty;
using repl::PtyExit;
using repl::PtyOptions;
using repl::test::Terminal;
using ws::test::HasNoChildren;

TEST_CASE("a shell's output is followed by the end and the exit code") {
  Terminal terminal;
  terminal.Run("printf 'hello '; tty >/dev/null && echo terminal; exit 7");
  CHECK(terminal.RunUntil([&] { return terminal.ended; }));
  CHECK(terminal.output == "hello terminal\r\n");
  const PtyExit exit = terminal.WaitForExit();
  CHECK(exit.code == 7);
  CHECK(exit.signal == 0);
  CHECK(HasNoChildren());
}

TEST_CASE("the exit status of a killed shell contains the signal") {
  Terminal terminal;
  terminal.Run("kill -9 $$");
  CHECK(terminal.WaitForExit().signal == SIGKILL);
}

TEST_CASE("Start fails if the shell or the folder does not exist") {
  Terminal terminal;
  PtyOptions options;
  options.shell = "/nowhere/shell";
  CHECK(terminal.Start(options) == boost::system::errc::no_such_file_or_directory);
  options.shell = "/bin/sh";
  options.folder = "/nowhere";
  CHECK(terminal.Start(options) == boost::system::errc::no_such_file_or_directory);
  CHECK(HasNoChildren());
}

TEST_CASE("written input reaches the shell, and control characters take effect") {
  Terminal terminal;
  terminal.Run(
      "read line; echo got:$line; trap 'echo interrupted; exit 3' INT; echo ready; while read line; do :; done");
  CHECK_FALSE(terminal.pty.Write("one two\n"));
  REQUIRE(terminal.WaitForOutput("got:one two"));
  REQUIRE(terminal.WaitForOutput("ready"));
  CHECK_FALSE(terminal.pty.Write("\x03"));
  CHECK(terminal.WaitForOutput("interrupted"));
  CHECK(terminal.WaitForExit().code == 3);
  terminal.pty.Close();
  CHECK(terminal.RunUntil([&] { return bool(terminal.pty.Write("x")); }));
}

TEST_CASE("the environment is clean, descriptors are closed, and signals have their default handlers") {
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
  REQUIRE(terminal.RunUntil([&] { return terminal.ended; }));
  ::signal(SIGPIPE, SIG_DFL);
  INFO(terminal.output);
  CHECK(terminal.output.find("ADDED COLORTERM HOME LANG") == 0);
  CHECK(terminal.output.find("SECRET") == std::string::npos);
  CHECK(terminal.output.find("TERM=xterm-256color ADDED=yes\r\n/usr\r\n0 1 2 ") != std::string::npos);
  CHECK(terminal.output.find("SigBlk:\t0000000000000000") != std::string::npos);
  CHECK(terminal.output.find("SigIgn:\t0000000000000000") != std::string::npos);
}

TEST_CASE("characters stay whole in every chunk, and no chunk exceeds its limit") {
  Terminal terminal;
  terminal.Run(
      "i=0; while [ $i -lt 4000 ]; do printf 'a\303\251\342\202\254\360\237\230\200'; i=$((i+1)); done;"
      "head -c 200000 /dev/zero | tr '\\0' '\\377'");
  REQUIRE(terminal.RunUntil([&] { return terminal.ended; }));
  CHECK(terminal.is_always_valid);
  CHECK(terminal.largest_chunk <= Pty::max_chunk_bytes);
  std::string expected;
  for (int i = 0; i < 4000; ++i) expected += "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  CHECK(terminal.output.substr(0, expected.size()) == expected);
  CHECK(terminal.output.size() == expected.size() + 3 * 200000);
}

TEST_CASE("a size is clamped by Start and by Resize") {
  Terminal terminal;
  PtyOptions options;
  options.shell = "/bin/sh";
  options.cols = 0;
  options.rows = 70000;
  options.arguments = {"-c", "stty size; while read line; do stty size; done"};
  REQUIRE_FALSE(terminal.Start(options));
  CHECK(terminal.WaitForOutput("1000 1\r\n"));
  terminal.pty.Resize(65535, -1);
  CHECK_FALSE(terminal.pty.Write("\n"));
  CHECK(terminal.WaitForOutput("\n1 1000\r\n"));
  terminal.pty.Resize(132, 43);
  CHECK_FALSE(terminal.pty.Write("\n"));
  CHECK(terminal.WaitForOutput("\n43 132\r\n"));
}

TEST_CASE("unread input is limited, and further input is refused without blocking") {
  Terminal terminal;
  terminal.Run("stty raw -echo; echo ready; read line; wc -c");
  REQUIRE(terminal.WaitForOutput("ready"));
  const std::string block(64 * 1024, 'x');
  std::size_t accepted = 0;
  boost::system::error_code error;
  for (int i = 0; i < 64 && !error; ++i) {
    error = terminal.pty.Write(block);
    if (!error) accepted += block.size();
  }
  CHECK(error == boost::system::errc::no_buffer_space);
  CHECK(accepted == PtyOptions{}.max_outbound_bytes);
  terminal.pty.Close();
  CHECK(terminal.RunUntil([&] { return terminal.ended; }));
  terminal.WaitForExit();
}

TEST_CASE("a paste of the maximum size arrives completely and in order") {
  Terminal terminal;
  terminal.Run("stty raw -echo; echo ready; head -c 1048576 | cksum");
  REQUIRE(terminal.WaitForOutput("ready"));
  CHECK_FALSE(terminal.pty.Write(std::string(512 * 1024, 'a')));
  CHECK_FALSE(terminal.pty.Write(std::string(512 * 1024, 'b')));
  CHECK(terminal.WaitForOutput("2877206269 1048576"));
}

TEST_CASE("Write and Resize may be called from any thread while several threads run the executor") {
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
