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
      wait_timer_(pty_.Executor()),
      detached_timer_(pty_.Executor()) {}

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
    self->Broadcast(output);
    co_await self->Wait(self->limits_.batch_delay);  // limits the number of messages
    co_await self->WaitForRoom();
  }
  self->pty_.Close();
  self->exit_ = co_await self->pty_.ClosedAsync();
  self->has_ended_ = true;
  self->detached_timer_.cancel();
  for (const Attachment& attachment : std::exchange(self->attachments_, {})) attachment.viewer->OnEnded(self->exit_);
  self->on_end_();
}

// Only one viewer receives the queries, because each further answer would be typed into the program.
void TerminalSession::Broadcast(const Output& output) {
  const auto responder = Responder();
  if (responder) responder->OnOutput(output);
  if (attachments_.size() == (responder ? 1 : 0)) {
    query_filter_ = {};
  } else {
    BroadcastFiltered(std::make_shared<const std::string>(query_filter_.Filter(*output)));
  }
}

void TerminalSession::BroadcastFiltered(const Output& output) {
  if (output->empty()) return;
  const auto responder = Responder();
  for (const Attachment& attachment : attachments_) {
    if (attachment.viewer != responder) attachment.viewer->OnOutput(output);
  }
}

std::shared_ptr<TerminalViewer> TerminalSession::Responder() const {
  for (const Attachment& attachment : attachments_) {
    if (attachment.viewer->CanType()) return attachment.viewer;
  }
  return nullptr;
}

// Called before the list of viewers changes. A viewer that becomes the responder must have received all output.
void TerminalSession::FlushQueryFilter() {
  BroadcastFiltered(std::make_shared<const std::string>(query_filter_.Flush()));
}

// Detaches the viewers that block others for too long. If no viewer has room, the shell waits.
asio::awaitable<void> TerminalSession::WaitForRoom() {
  const auto is_full = [](const Attachment& attachment) { return !attachment.viewer->HasRoom(); };
  const auto begun = std::chrono::steady_clock::now();
  while (!is_closing_ && std::any_of(attachments_.begin(), attachments_.end(), is_full)) {
    co_await Wait(limits_.slow_viewer_timeout);
    if (std::chrono::steady_clock::now() - begun >= limits_.slow_viewer_timeout) DetachSlowViewers();
  }
}

void TerminalSession::DetachSlowViewers() {
  FlushQueryFilter();
  const auto first_slow =
      std::stable_partition(attachments_.begin(), attachments_.end(),
                            [](const Attachment& attachment) { return attachment.viewer->HasRoom(); });
  if (first_slow == attachments_.begin()) return;
  const std::vector<Attachment> slow(first_slow, attachments_.end());
  attachments_.erase(first_slow, attachments_.end());
  for (const Attachment& attachment : slow) attachment.viewer->OnDetached();
  FitToSmallestWindow();
  NotifySize();
}

asio::awaitable<void> TerminalSession::Wait(std::chrono::milliseconds time) {
  error_code ignored;
  wait_timer_.expires_after(time);
  co_await wait_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void TerminalSession::Attach(std::shared_ptr<TerminalViewer> viewer, WindowSize window) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer), window] {
    const std::vector<Scrollback::Run> shown = self->scrollback_.Runs();
    if (self->has_ended_) {
      viewer->OnAttached(self->size_, shown);
      return viewer->OnEnded(self->exit_);
    }
    self->FlushQueryFilter();
    self->attachments_.push_back({viewer, window});
    self->detached_timer_.cancel();
    self->FitToSmallestWindow();
    viewer->OnAttached(self->size_, shown);
    self->NotifySize();
  });
}

void TerminalSession::Detach(std::shared_ptr<TerminalViewer> viewer) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer)] {
    self->FlushQueryFilter();
    if (std::erase_if(self->attachments_, [&](const Attachment& attachment) { return attachment.viewer == viewer; }) ==
        0)
      return;
    self->FitToSmallestWindow();
    self->NotifySize();
    self->NotifyRoom();  // the shell may have been waiting for this viewer
    self->StartDetachedTimer();
  });
}

void TerminalSession::Resize(std::shared_ptr<TerminalViewer> viewer, WindowSize window) {
  asio::dispatch(Executor(), [self = shared_from_this(), viewer = std::move(viewer), window] {
    for (Attachment& attachment : self->attachments_) {
      if (attachment.viewer == viewer) attachment.window = window;
    }
    self->FitToSmallestWindow();
    self->NotifySize();
  });
}

// Also updates the summary.
void TerminalSession::FitToSmallestWindow() {
  WindowSize size = attachments_.empty() ? size_ : attachments_.front().window;
  for (const Attachment& attachment : attachments_) size = Smaller(size, attachment.window);
  if (size != size_) {
    size_ = size;
    pty_.Resize(size.cols, size.rows);
    scrollback_.Resize(size);
  }
  const std::lock_guard lock(mutex_);
  if (summary_.size == size_ && summary_.viewers == attachments_.size()) return;
  summary_ = {size_, attachments_.size(), std::chrono::steady_clock::now()};
  has_size_change_ = true;
}

void TerminalSession::NotifySize() {
  if (!std::exchange(has_size_change_, false)) return;
  for (const Attachment& attachment : attachments_) attachment.viewer->OnResized(size_, attachments_.size());
}

TerminalSession::Summary TerminalSession::Summarize() const {
  const std::lock_guard lock(mutex_);
  return summary_;
}

void TerminalSession::StartDetachedTimer() {
  if (!attachments_.empty() || has_ended_) return;
  detached_timer_.expires_after(limits_.detached_grace);
  detached_timer_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self && self->attachments_.empty()) self->Close();
  });
}

void TerminalSession::Close() {
  asio::dispatch(Executor(), [self = shared_from_this()] {
    self->is_closing_ = true;
    self->pty_.Close();
    self->NotifyRoom();
  });
}

}  // namespace repl
