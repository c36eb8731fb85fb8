#include "terminal_session.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace repl {

namespace asio = boost::asio;
using boost::system::error_code;

TerminalSession::TerminalSession(std::string id, asio::any_io_executor executor, TerminalLimits limits,
                                 std::function<void()> on_end)
    : id_(std::move(id)),
      limits_(limits),
      on_end_(std::move(on_end)),
      pty_(std::move(executor)),
      scrollback_(limits.scrollback_bytes, size_),
      waiting_(pty_.Executor()),
      idle_(pty_.Executor()) {}

error_code TerminalSession::Start(const PtyOptions& options) {
  size_ = {options.cols, options.rows};
  scrollback_.Resize(size_);
  if (const error_code error = pty_.Start(options)) return error;
  asio::co_spawn(pty_.Executor(), Run(shared_from_this()), asio::detached);
  return {};
}

asio::awaitable<void> TerminalSession::Run(std::shared_ptr<TerminalSession> self) {
  for (;;) {
    const auto output = std::make_shared<const std::string>(co_await self->pty_.ReadAsync());
    if (output->empty()) break;
    self->scrollback_.Append(*output);
    self->Show(output);
    co_await self->Wait(self->limits_.gather);  // a burst is not to be a thousand messages
    co_await self->UntilRoom();
  }
  self->pty_.Close();
  self->exit_ = co_await self->pty_.ClosedAsync();
  self->ended_ = true;
  self->idle_.cancel();
  for (const Seat& seat : std::exchange(self->seats_, {})) seat.viewer->Ended(self->exit_);
  self->on_end_();
}

// One of them answers what programs ask their terminal: more answers would be typed into the program.
void TerminalSession::Show(const Output& output) {
  const auto answering = Answering();
  if (answering) answering->Show(output);
  if (seats_.size() == (answering ? 1 : 0)) {
    unasked_ = {};
  } else {
    ShowOthers(std::make_shared<const std::string>(unasked_.Pass(*output)));
  }
}

void TerminalSession::ShowOthers(const Output& output) {
  if (output->empty()) return;
  const auto answering = Answering();
  for (const Seat& seat : seats_) {
    if (seat.viewer != answering) seat.viewer->Show(output);
  }
}

std::shared_ptr<TerminalViewer> TerminalSession::Answering() const {
  for (const Seat& seat : seats_) {
    if (seat.viewer->MayType()) return seat.viewer;
  }
  return nullptr;
}

// Who answers may be another afterwards, and has to have seen as much.
void TerminalSession::BeforeSeatsChange() {
  ShowOthers(std::make_shared<const std::string>(unasked_.ShowRest()));
}

// Viewers that hold up others for too long are left behind; where all of them do, the shell waits.
asio::awaitable<void> TerminalSession::UntilRoom() {
  const auto is_full = [](const Seat& seat) { return !seat.viewer->HasRoom(); };
  const auto begun = std::chrono::steady_clock::now();
  while (!closing_ && std::any_of(seats_.begin(), seats_.end(), is_full)) {
    co_await Wait(limits_.keep_up);
    if (std::chrono::steady_clock::now() - begun >= limits_.keep_up) LeaveBehind();
  }
}

void TerminalSession::LeaveBehind() {
  BeforeSeatsChange();
  const auto first_slow =
      std::stable_partition(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.viewer->HasRoom(); });
  if (first_slow == seats_.begin()) return;
  const std::vector<Seat> slow(first_slow, seats_.end());
  seats_.erase(first_slow, seats_.end());
  for (const Seat& seat : slow) seat.viewer->LeftBehind();
  Fit();
  TellSize();
}

asio::awaitable<void> TerminalSession::Wait(std::chrono::milliseconds time) {
  error_code ignored;
  waiting_.expires_after(time);
  co_await waiting_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void TerminalSession::Attach(std::shared_ptr<TerminalViewer> viewer, WindowSize window) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer), window] {
    const std::vector<Scrollback::Run> shown = self->scrollback_.Runs();
    if (self->ended_) {
      viewer->Begin(self->size_, shown);
      return viewer->Ended(self->exit_);
    }
    self->BeforeSeatsChange();
    self->seats_.push_back({viewer, window});
    self->idle_.cancel();
    self->Fit();
    viewer->Begin(self->size_, shown);
    self->TellSize();
  });
}

void TerminalSession::Detach(std::shared_ptr<TerminalViewer> viewer) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer)] {
    self->BeforeSeatsChange();
    if (std::erase_if(self->seats_, [&](const Seat& seat) { return seat.viewer == viewer; }) == 0) return;
    self->Fit();
    self->TellSize();
    self->RoomAgain();  // others may have been waiting for it
    self->WatchIdle();
  });
}

void TerminalSession::Resize(std::shared_ptr<TerminalViewer> viewer, WindowSize window) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer), window] {
    for (Seat& seat : self->seats_) {
      if (seat.viewer == viewer) seat.window = window;
    }
    self->Fit();
    self->TellSize();
  });
}

// To the smallest window; for everybody to see.
void TerminalSession::Fit() {
  WindowSize size = seats_.empty() ? size_ : seats_.front().window;
  for (const Seat& seat : seats_) size = Smaller(size, seat.window);
  if (size != size_) {
    size_ = size;
    pty_.Resize(size.cols, size.rows);
    scrollback_.Resize(size);
  }
  const std::lock_guard lock(mutex_);
  if (summary_.size == size_ && summary_.viewers == seats_.size()) return;
  summary_ = {size_, seats_.size(), std::chrono::steady_clock::now()};
  untold_ = true;
}

void TerminalSession::TellSize() {
  if (!std::exchange(untold_, false)) return;
  for (const Seat& seat : seats_) seat.viewer->Resized(size_, seats_.size());
}

TerminalSession::Summary TerminalSession::Now() const {
  const std::lock_guard lock(mutex_);
  return summary_;
}

void TerminalSession::WatchIdle() {
  if (!seats_.empty() || ended_) return;
  idle_.expires_after(limits_.detached_grace);
  idle_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self && self->seats_.empty()) self->Close();
  });
}

void TerminalSession::Close() {
  asio::dispatch(Executor(), [self = shared_from_this()] {
    self->closing_ = true;
    self->pty_.Close();
    self->RoomAgain();
  });
}

}  // namespace repl
