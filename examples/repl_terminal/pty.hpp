#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "shell_process.hpp"

namespace repl {

// The exit status of a shell: an exit code, or a signal number if `signal` is not 0.
struct PtyExit {
  int code = 0;
  int signal = 0;
};

// Runs a shell in a pseudo-terminal, with an interface for coroutines.
//
// Threads: Write, Resize and Close may be called from any thread. The …Async functions must be awaited on Executor(),
// a strand of the given executor. The destructor closes the terminal, and the shutdown (see Close) continues without
// the object. The executor's context must outlive the Pty. If the context is destroyed before the shutdown is complete,
// the remaining processes of the session are killed and reaped during its destruction.
class Pty final {
 public:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;

  // The largest chunk that ReadAsync returns.
  static constexpr std::size_t max_chunk_bytes = 64 * 1024;

  explicit Pty(boost::asio::any_io_executor executor);
  ~Pty();
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  Strand Executor() const;

  // Starts the shell. Must be called once, before any other function. Returns system errors, for example if the shell
  // or the folder does not exist.
  boost::system::error_code Start(const PtyOptions& options);

  // Returns the next output: complete characters of valid UTF-8, with U+FFFD in place of invalid bytes. An empty
  // string is the end: the shell has ended and all its output was read, or Close was called. Only one read may be
  // pending. While there is no read, output stays in the kernel's buffer, and the shell blocks if the buffer is full.
  boost::asio::awaitable<std::string> ReadAsync();

  // Queues input for the shell. Returns no_buffer_space and queues none of the input if more than `max_outbound_bytes`
  // would be queued. Returns not_connected after the end.
  boost::system::error_code Write(std::string_view input);

  // Clamps both values to 1…1000.
  void Resize(int cols, int rows);

  // Ends all processes of the session: sends SIGHUP, sends SIGKILL to the rest after the grace time, and reaps the
  // shell. Closes the terminal at once. Idempotent. The session is ended in the same way if the shell exits by itself.
  void Close();

  // Completes when no process of the session is left.
  boost::asio::awaitable<PtyExit> ClosedAsync();

 private:
  class Session;

  std::shared_ptr<Session> session_;
};

}  // namespace repl
