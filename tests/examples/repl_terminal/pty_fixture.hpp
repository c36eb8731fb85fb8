#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "pty.hpp"
#include "support/catch.hpp"
#include "utf8.hpp"

namespace repl::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// A shell whose output is read continuously and kept. Its context runs while a test waits.
class Terminal {
 public:
  boost::system::error_code Start(PtyOptions options) {
    const boost::system::error_code error = pty.Start(options);
    if (!error) asio::co_spawn(pty.Executor(), Pump(), asio::detached);
    return error;
  }

  // Runs a script instead of an interactive shell.
  void Run(const std::string& script) {
    PtyOptions options;
    options.shell = "/bin/sh";
    options.arguments = {"-c", script};
    options.grace = 200ms;
    REQUIRE_FALSE(Start(options));
  }

  bool RunUntil(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      context.restart();
      context.run_one_for(20ms);
    }
    return condition();
  }

  bool WaitForOutput(const std::string& text) {
    return RunUntil([&] { return output.find(text) != std::string::npos; });
  }

  PtyExit WaitForExit() {
    std::optional<PtyExit> exit;
    asio::co_spawn(pty.Executor(), pty.ClosedAsync(), [&](std::exception_ptr, PtyExit status) { exit = status; });
    REQUIRE(RunUntil([&] { return exit.has_value(); }));
    return *exit;
  }

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  Pty pty{context.get_executor()};
  std::string output;
  bool ended = false;
  bool is_always_valid = true;
  std::size_t largest_chunk = 0;

 private:
  asio::awaitable<void> Pump() {
    for (;;) {
      const std::string chunk = co_await pty.ReadAsync();
      if (chunk.empty()) break;
      is_always_valid = is_always_valid && IsUtf8(chunk);
      largest_chunk = std::max(largest_chunk, chunk.size());
      output += chunk;
    }
    ended = true;
  }
};

}  // namespace repl::test
