#include "pty.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <mutex>
#include <optional>
#include <stdexcept>

#include "process_session.hpp"
#include "utf8_chunks.hpp"

namespace repl {

namespace asio = boost::asio;
using boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

namespace {

error_code Adopt(Descriptor& descriptor, UniqueFd& fd) {
  error_code error;
  descriptor.assign(fd.Get(), error);
  if (!error) fd.Release();
  return error;
}

}  // namespace

// What lives as long as one of the coroutines or the Pty does. All on the strand but Queue.
class Pty::Session final {
 public:
  explicit Session(asio::any_io_executor executor)
      : strand(asio::make_strand(std::move(executor))),
        master_(strand),
        process_(strand),
        pause_(strand),
        ended_(strand) {
    ended_.expires_at(asio::steady_timer::time_point::max());
  }
  ~Session() { KillAndReap(); }

  error_code Start(const PtyOptions& options);
  error_code Queue(std::string_view input, bool& start_writing);
  void Resize(int cols, int rows) {
    if (master_.is_open()) SetSize(master_.native_handle(), cols, rows);
  }
  void HangUp();

  static asio::awaitable<std::string> Read(std::shared_ptr<Session> self);
  static asio::awaitable<void> WriteQueued(std::shared_ptr<Session> self);
  static asio::awaitable<void> WatchShell(std::shared_ptr<Session> self);
  static asio::awaitable<PtyExit> WaitForEnd(std::shared_ptr<Session> self);

  const Strand strand;

 private:
  enum class Output { Some, NoneYet, End };

  Output TakeOutput(std::string& chunk);
  bool TakeInput(std::string& batch);
  void CountWritten(std::size_t bytes);
  bool Reap();
  void KillAndReap();

  Descriptor master_;
  Descriptor process_;
  asio::steady_timer pause_;
  asio::steady_timer ended_;  // cancelled, to wake who waits, when exit_ is set
  Utf8Chunks characters_;
  pid_t pid_ = 0;
  std::chrono::milliseconds grace_{};
  bool ending_ = false;  // the shell has ended or is being ended
  std::optional<PtyExit> exit_;

  std::mutex mutex_;  // guards what follows
  std::string input_;
  std::size_t queued_bytes_ = 0;  // of input_ and of the batch being written
  std::size_t max_queued_bytes_ = 0;
  bool writing_ = false;
  bool accepting_ = false;
};

error_code Pty::Session::Start(const PtyOptions& options) {
  if (pid_ != 0) throw std::logic_error("repl::Pty::Start called twice");
  ShellProcess shell;
  if (const error_code error = StartShell(options, shell)) return error;
  pid_ = shell.pid;
  grace_ = options.grace;
  if (const error_code error = Adopt(master_, shell.master)) return error;
  if (const error_code error = Adopt(process_, shell.process)) return error;
  const std::lock_guard lock(mutex_);
  max_queued_bytes_ = options.max_outbound_bytes;
  accepting_ = true;
  return {};
}

// The kernel hands a terminal's output over in pieces of at most 4 KiB; they are gathered until
// none is left or the chunk might not hold another one.
Pty::Session::Output Pty::Session::TakeOutput(std::string& chunk) {
  std::array<char, 4096> piece;
  constexpr std::size_t worst_case = Utf8Chunks::replacement.size() * (sizeof piece + Utf8Chunks::max_held_bytes);
  while (chunk.size() + worst_case <= max_chunk_bytes) {
    const ssize_t size = ::read(master_.native_handle(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN && !ending_) break;
    if (size <= 0) {  // EIO: nobody has the terminal open any more
      characters_.Finish(chunk);
      return Output::End;
    }
    characters_.Append({piece.data(), static_cast<std::size_t>(size)}, chunk);
  }
  return chunk.empty() ? Output::NoneYet : Output::Some;
}

asio::awaitable<std::string> Pty::Session::Read(std::shared_ptr<Session> self) {
  if (!self->strand.running_in_this_thread()) {
    throw std::logic_error("repl::Pty::ReadAsync awaited off its executor");
  }
  std::string chunk;
  while (self->master_.is_open()) {
    const Output output = self->TakeOutput(chunk);
    if (output == Output::End) self->HangUp();
    if (output != Output::NoneYet) break;
    error_code ignored;  // cancelled by the shell's end or by Close, which the loop sees
    co_await self->master_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return chunk;
}

error_code Pty::Session::Queue(std::string_view input, bool& start_writing) {
  const std::lock_guard lock(mutex_);
  if (!accepting_) return asio::error::not_connected;
  if (input.size() > max_queued_bytes_ - queued_bytes_) return asio::error::no_buffer_space;
  input_ += input;
  queued_bytes_ += input.size();
  start_writing = !std::exchange(writing_, true);
  return {};
}

bool Pty::Session::TakeInput(std::string& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  batch.swap(input_);
  writing_ = !batch.empty();
  return writing_;
}

void Pty::Session::CountWritten(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  queued_bytes_ -= bytes;
}

asio::awaitable<void> Pty::Session::WriteQueued(std::shared_ptr<Session> self) {
  std::string batch;
  while (self->TakeInput(batch)) {
    std::string_view rest = batch;
    while (!rest.empty() && self->master_.is_open()) {
      const ssize_t size = ::write(self->master_.native_handle(), rest.data(), rest.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno != EAGAIN) break;  // the terminal is gone, and its input with it
      if (size > 0) {
        rest.remove_prefix(static_cast<std::size_t>(size));
        self->CountWritten(static_cast<std::size_t>(size));
        continue;
      }
      error_code ignored;
      co_await self->master_.async_wait(Descriptor::wait_write, asio::redirect_error(asio::use_awaitable, ignored));
    }
    self->CountWritten(rest.size());
  }
}

void Pty::Session::HangUp() {
  {
    const std::lock_guard lock(mutex_);
    accepting_ = false;
  }
  ending_ = true;
  error_code ignored;
  master_.close(ignored);
  process_.cancel(ignored);
}

// From the shell's end, or from HangUp, to the end of the whole session.
asio::awaitable<void> Pty::Session::WatchShell(std::shared_ptr<Session> self) {
  error_code ignored;
  if (!self->ending_) {
    co_await self->process_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  }
  self->ending_ = true;
  self->master_.cancel(ignored);
  SignalSession(self->pid_, SIGHUP);
  SignalSession(self->pid_, SIGCONT);  // what is stopped would not see the other one

  const auto deadline = std::chrono::steady_clock::now() + self->grace_;
  std::chrono::milliseconds pause(5);
  while (!SessionMembers(self->pid_).empty() || !self->Reap()) {
    if (std::chrono::steady_clock::now() >= deadline) SignalSession(self->pid_, SIGKILL);
    self->pause_.expires_after(pause);
    co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause = std::min(pause * 2, std::chrono::milliseconds(100));
  }
  self->process_.close(ignored);
  self->ended_.cancel();
}

bool Pty::Session::Reap() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return false;
  exit_.emplace();
  if (WIFEXITED(status)) exit_->code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit_->signal = WTERMSIG(status);
  return true;
}

// The context was destroyed before the session had ended, so this cannot wait on a coroutine.
void Pty::Session::KillAndReap() {
  if (pid_ == 0 || exit_) return;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  do {
    SignalSession(pid_, SIGKILL);
    ::poll(nullptr, 0, 2);  // what is killed takes a moment to be gone
  } while (!SessionMembers(pid_).empty() && std::chrono::steady_clock::now() < deadline);
  Reap();
}

asio::awaitable<PtyExit> Pty::Session::WaitForEnd(std::shared_ptr<Session> self) {
  while (self->pid_ != 0 && !self->exit_) {
    error_code ignored;
    co_await self->ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return self->exit_.value_or(PtyExit{});
}

Pty::Pty(asio::any_io_executor executor) : session_(std::make_shared<Session>(std::move(executor))) {}

Pty::~Pty() {
  Close();
}

Pty::Strand Pty::Executor() const {
  return session_->strand;
}

error_code Pty::Start(const PtyOptions& options) {
  if (const error_code error = session_->Start(options)) return error;
  asio::co_spawn(session_->strand, Session::WatchShell(session_), asio::detached);
  return {};
}

asio::awaitable<std::string> Pty::ReadAsync() {
  return Session::Read(session_);
}

error_code Pty::Write(std::string_view input) {
  bool start_writing = false;
  const error_code error = session_->Queue(input, start_writing);
  if (start_writing) {
    asio::co_spawn(session_->strand, Session::WriteQueued(session_), asio::detached);
  }
  return error;
}

// On the strand already it is at once: input that is queued behind it finds the new size.
void Pty::Resize(int cols, int rows) {
  asio::dispatch(session_->strand, [session = session_, cols, rows] { session->Resize(cols, rows); });
}

void Pty::Close() {
  asio::post(session_->strand, [session = session_] { session->HangUp(); });
}

asio::awaitable<PtyExit> Pty::ClosedAsync() {
  return Session::WaitForEnd(session_);
}

}  // namespace repl
