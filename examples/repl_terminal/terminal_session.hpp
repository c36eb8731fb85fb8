#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "pty.hpp"
#include "scrollback.hpp"
#include "terminal_queries.hpp"
#include "terminal_viewer.hpp"

namespace repl {

struct TerminalLimits {
  std::size_t scrollback_bytes = std::size_t{1} << 20;
  // A session without viewers is ended after this time.
  std::chrono::milliseconds detached_grace = std::chrono::minutes(10);
  // A viewer that blocks others is detached after this time.
  std::chrono::milliseconds slow_viewer_timeout = std::chrono::seconds(10);
  // Output of this time is gathered into one message.
  std::chrono::milliseconds batch_delay = std::chrono::milliseconds(2);
};

// A shell that outlives its viewers. Output goes to every viewer and into the scrollback. If a viewer has no room, the
// shell is not read, so memory stays bounded. The terminal has the size of the smallest viewer's window. The first
// viewer that can type answers the queries of programs. Independent of WebSocket. Thread-safe.
class TerminalSession final : public std::enable_shared_from_this<TerminalSession> {
 public:
  struct Summary {
    WindowSize size = {};
    std::size_t viewers = 0;
    // The time at which the last viewer was detached; the maximum before the first viewer is attached.
    std::chrono::steady_clock::time_point detached = std::chrono::steady_clock::time_point::max();
  };

  // `on_end` is called on the session's strand when all processes of the session have ended.
  TerminalSession(std::string id, boost::asio::any_io_executor executor, TerminalLimits limits,
                  std::function<void()> on_end);

  // Starts the shell. Must be called once, before any other function.
  boost::system::error_code Start(const PtyOptions& options);

  const std::string& Id() const noexcept { return id_; }
  Pty::Strand Executor() const { return pty_.Executor(); }

  // Sends the viewer the scrollback and then all new output.
  void Attach(std::shared_ptr<TerminalViewer> viewer, WindowSize window);
  void Detach(std::shared_ptr<TerminalViewer> viewer);
  void Resize(std::shared_ptr<TerminalViewer> viewer, WindowSize window);
  Summary Summarize() const;
  // Called by a viewer on the strand when it has room again.
  void NotifyRoom() { wait_timer_.cancel(); }

  // See Pty.
  boost::system::error_code Write(std::string_view input) { return pty_.Write(input); }
  void Close();

 private:
  struct Attachment {
    std::shared_ptr<TerminalViewer> viewer;
    WindowSize window;
  };

  static boost::asio::awaitable<void> Run(std::shared_ptr<TerminalSession> self);
  using Output = std::shared_ptr<const std::string>;
  void Broadcast(const Output& output);
  void BroadcastFiltered(const Output& output);
  std::shared_ptr<TerminalViewer> Responder() const;  // null if no viewer can type
  void FlushQueryFilter();
  boost::asio::awaitable<void> WaitForRoom();
  boost::asio::awaitable<void> Wait(std::chrono::milliseconds time);
  void DetachSlowViewers();
  void FitToSmallestWindow();
  void NotifySize();
  void StartDetachedTimer();

  const std::string id_;
  const TerminalLimits limits_;
  const std::function<void()> on_end_;
  Pty pty_;

  // Used on the strand only.
  WindowSize size_;
  Scrollback scrollback_;
  std::vector<Attachment> attachments_;
  QueryFilter query_filter_;                  // for the viewers that do not answer queries
  boost::asio::steady_timer wait_timer_;      // waits for room or for more output
  boost::asio::steady_timer detached_timer_;  // runs while there is no viewer
  bool has_size_change_ = false;              // the size or the number of viewers has changed
  bool is_closing_ = false;
  bool has_ended_ = false;
  PtyExit exit_;

  mutable std::mutex mutex_;
  Summary summary_;
};

}  // namespace repl
