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

error_code Assign(Descriptor& descriptor, UniqueFd& fd) {
  error_code error;
  descriptor.assign(fd.Get(), error);
  if (!error) fd.Release();
  return error;
}

}  // namespace

// The state that is shared by the Pty and its coroutines. Used on the strand, except Queue.
class Pty::Session final {
 public:
  explicit Session(asio::any_io_executor executor)
      : strand(asio::make_strand(std::move(executor))),
        master_(strand),
        pidfd_(strand),
        poll_timer_(strand),
        exit_timer_(strand) {
    exit_timer_.expires_at(asio::steady_timer::time_point::max());
  }
  ~Session() { KillAndReap(); }

  error_code Start(const PtyOptions& options);
  error_code Queue(std::string_view input, bool& start_writing);
  void Resize(int cols, int rows) {
    if (master_.is_open()) SetWindowSize(master_.native_handle(), cols, rows);
  }
  void HangUp();

  static asio::awaitable<std::string> Read(std::shared_ptr<Session> self);
  static asio::awaitable<void> WriteQueued(std::shared_ptr<Session> self);
  static asio::awaitable<void> WatchShell(std::shared_ptr<Session> self);
  static asio::awaitable<PtyExit> WaitForEnd(std::shared_ptr<Session> self);

  const Strand strand;

 private:
  enum class Output { Some, NoneYet, End };

  Output ReadOutput(std::string& chunk);
  bool NextBatch(std::string& batch);
  void CountWritten(std::size_t bytes);
  bool Reap();
  void KillAndReap();

  Descriptor master_;
  Descriptor pidfd_;
  asio::steady_timer poll_timer_;
  asio::steady_timer exit_timer_;  // cancelled when exit_ is set, to wake the waiting coroutines
  Utf8Chunks characters_;
  pid_t pid_ = 0;
  std::chrono::milliseconds grace_{};
  bool is_ending_ = false;  // the shell has ended, or Close was called
  std::optional<PtyExit> exit_;

  std::mutex mutex_;  // guards the members below
  std::string input_;
  std::size_t queued_bytes_ = 0;  // in input_ and in the batch that is being written
  std::size_t max_queued_bytes_ = 0;
  bool is_writing_ = false;
  bool is_accepting_ = false;
};

error_code Pty::Session::Start(const PtyOptions& options) {
  if (pid_ != 0) throw std::logic_error("repl::Pty::Start was called twice");
  ShellProcess shell;
  if (const error_code error = StartShell(options, shell)) return error;
  pid_ = shell.pid;
  grace_ = options.grace;
  if (const error_code error = Assign(master_, shell.master)) return error;
  if (const error_code error = Assign(pidfd_, shell.pidfd)) return error;
  const std::lock_guard lock(mutex_);
  max_queued_bytes_ = options.max_outbound_bytes;
  is_accepting_ = true;
  return {};
}

// Reads until the terminal has no more output or the chunk may have no room for another read. One read returns at most
// 4 KiB.
Pty::Session::Output Pty::Session::ReadOutput(std::string& chunk) {
  std::array<char, 4096> piece;
  constexpr std::size_t worst_case = Utf8Chunks::replacement.size() * (sizeof piece + Utf8Chunks::max_held_bytes);
  while (chunk.size() + worst_case <= max_chunk_bytes) {
    const ssize_t size = ::read(master_.native_handle(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN && !is_ending_) break;
    if (size <= 0) {  // EIO: no process has the terminal open
      characters_.Finish(chunk);
      return Output::End;
    }
    characters_.Append({piece.data(), static_cast<std::size_t>(size)}, chunk);
  }
  return chunk.empty() ? Output::NoneYet : Output::Some;
}

asio::awaitable<std::string> Pty::Session::Read(std::shared_ptr<Session> self) {
  if (!self->strand.running_in_this_thread()) {
    throw std::logic_error("repl::Pty::ReadAsync must be awaited on Executor()");
  }
  std::string chunk;
  while (self->master_.is_open()) {
    const Output output = self->ReadOutput(chunk);
    if (output == Output::End) self->HangUp();
    if (output != Output::NoneYet) break;
    error_code ignored;  // cancelled by the shell's end or by Close, which the loop detects
    co_await self->master_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return chunk;
}

error_code Pty::Session::Queue(std::string_view input, bool& start_writing) {
  const std::lock_guard lock(mutex_);
  if (!is_accepting_) return asio::error::not_connected;
  if (input.size() > max_queued_bytes_ - queued_bytes_) return asio::error::no_buffer_space;
  input_ += input;
  queued_bytes_ += input.size();
  start_writing = !std::exchange(is_writing_, true);
  return {};
}

bool Pty::Session::NextBatch(std::string& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  batch.swap(input_);
  is_writing_ = !batch.empty();
  return is_writing_;
}

void Pty::Session::CountWritten(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  queued_bytes_ -= bytes;
}

asio::awaitable<void> Pty::Session::WriteQueued(std::shared_ptr<Session> self) {
  std::string batch;
  while (self->NextBatch(batch)) {
    std::string_view rest = batch;
    while (!rest.empty() && self->master_.is_open()) {
      const ssize_t size = ::write(self->master_.native_handle(), rest.data(), rest.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno != EAGAIN) break;  // the terminal is closed; drop the input
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
    is_accepting_ = false;
  }
  is_ending_ = true;
  error_code ignored;
  master_.close(ignored);
  pidfd_.cancel(ignored);
}

// Runs from the end of the shell, or from HangUp, until all processes of the session have ended.
asio::awaitable<void> Pty::Session::WatchShell(std::shared_ptr<Session> self) {
  error_code ignored;
  if (!self->is_ending_) {
    co_await self->pidfd_.async_wait(Descriptor::wait_read, asio::redirect_error(asio::use_awaitable, ignored));
  }
  self->is_ending_ = true;
  self->master_.cancel(ignored);
  SignalSession(self->pid_, SIGHUP);
  SignalSession(self->pid_, SIGCONT);  // lets stopped processes handle the SIGHUP

  const auto deadline = std::chrono::steady_clock::now() + self->grace_;
  std::chrono::milliseconds pause(5);
  while (!SessionMembers(self->pid_).empty() || !self->Reap()) {
    if (std::chrono::steady_clock::now() >= deadline) SignalSession(self->pid_, SIGKILL);
    self->poll_timer_.expires_after(pause);
    co_await self->poll_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause = std::min(pause * 2, std::chrono::milliseconds(100));
  }
  self->pidfd_.close(ignored);
  self->exit_timer_.cancel();
}

bool Pty::Session::Reap() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return false;
  exit_.emplace();
  if (WIFEXITED(status)) exit_->code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit_->signal = WTERMSIG(status);
  return true;
}

// Called if the context is destroyed before the session has ended. It blocks, because no coroutine can run.
void Pty::Session::KillAndReap() {
  if (pid_ == 0 || exit_) return;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  do {
    SignalSession(pid_, SIGKILL);
    ::poll(nullptr, 0, 2);  // a killed process takes a moment to disappear
  } while (!SessionMembers(pid_).empty() && std::chrono::steady_clock::now() < deadline);
  Reap();
}

asio::awaitable<PtyExit> Pty::Session::WaitForEnd(std::shared_ptr<Session> self) {
  while (self->pid_ != 0 && !self->exit_) {
    error_code ignored;
    co_await self->exit_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
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

// Resizes at once if called on the strand, so that input queued afterwards arrives at the new size.
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
