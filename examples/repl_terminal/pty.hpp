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

// How a shell ended: by itself with a code, or by a signal (then `signal` is not 0).
struct PtyExit {
  int code = 0;
  int signal = 0;
};

// A shell in a pseudo-terminal, as coroutines see it.
//
// Threads: Write, Resize and Close from any thread; the …Async verbs are awaited in a coroutine on
// Executor(), a strand of the executor given. Whoever destroys a Pty closes it; its end (see
// Close) goes on without it. The executor's context must outlive the Pty; when the context is
// destroyed first, what still runs in the session is killed and reaped there and then.
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

  // Once only, before any other verb. Errors: those of the system (no such shell, no such folder).
  boost::system::error_code Start(const PtyOptions& options);

  // The next output: whole characters of valid UTF-8, U+FFFD for what is none. Empty at the end:
  // the shell has ended and all it wrote was read, or Close was called. One reader at a time; as
  // long as nobody reads, the shell's output waits in the kernel and then the shell does.
  boost::asio::awaitable<std::string> ReadAsync();

  // Queues input for the shell. Errors: no_buffer_space, and nothing of it is queued, when more
  // than `max_outbound_bytes` would wait; not_connected after the end.
  boost::system::error_code Write(std::string_view input);

  // Each side is clamped to 1…1000.
  void Resize(int cols, int rows);

  // Ends the shell and all of its session: SIGHUP, SIGKILL after the grace time for what is left,
  // then reaps it. The terminal itself is gone at once. Idempotent. A shell that ends by itself
  // takes the rest of its session with it in the same way.
  void Close();

  // Returns when no process of the session is left.
  boost::asio::awaitable<PtyExit> ClosedAsync();

 private:
  class Session;

  std::shared_ptr<Session> session_;
};

}  // namespace repl
