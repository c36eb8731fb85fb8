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
  std::chrono::milliseconds detached_grace = std::chrono::minutes(10);  // with nobody looking, until it is ended
  std::chrono::milliseconds keep_up = std::chrono::seconds(10);  // a viewer that holds up others, until it is detached
  std::chrono::milliseconds gather = std::chrono::milliseconds(2);  // output into one message
};

// A shell that outlives those who look at it. What it writes goes to every viewer and into the
// scrollback; when a viewer has enough the shell is not read, so that nothing grows. The smallest
// viewer's window is the terminal's, and the first that may type answers what programs ask it. Knows nothing of
// WebSocket. Every verb may be called from any thread.
class TerminalSession final : public std::enable_shared_from_this<TerminalSession> {
 public:
  struct Summary {
    WindowSize size = {};
    std::size_t viewers = 0;
    // Since when, where there are no viewers; far ahead before the first one.
    std::chrono::steady_clock::time_point detached = std::chrono::steady_clock::time_point::max();
  };

  // `on_end` is called on the session's strand when the shell and all of its session have ended.
  TerminalSession(std::string id, boost::asio::any_io_executor executor, TerminalLimits limits,
                  std::function<void()> on_end);

  // Once, before any other verb.
  boost::system::error_code Start(const PtyOptions& options);

  const std::string& Id() const noexcept { return id_; }
  Pty::Strand Executor() const { return pty_.Executor(); }

  // The viewer is told what was shown so far, then all that comes.
  void Attach(std::shared_ptr<TerminalViewer> viewer, WindowSize window);
  void Detach(std::shared_ptr<TerminalViewer> viewer);
  void Resize(std::shared_ptr<TerminalViewer> viewer, WindowSize window);
  Summary Now() const;
  // A viewer has room; on the strand.
  void RoomAgain() { waiting_.cancel(); }

  // As Pty's.
  boost::system::error_code Write(std::string_view input) { return pty_.Write(input); }
  void Close();

 private:
  struct Seat {
    std::shared_ptr<TerminalViewer> viewer;
    WindowSize window;
  };

  static boost::asio::awaitable<void> Run(std::shared_ptr<TerminalSession> self);
  using Output = std::shared_ptr<const std::string>;
  void Show(const Output& output);
  void ShowOthers(const Output& output);
  std::shared_ptr<TerminalViewer> Answering() const;  // null where all only look
  void BeforeSeatsChange();
  boost::asio::awaitable<void> UntilRoom();
  boost::asio::awaitable<void> Wait(std::chrono::milliseconds time);
  void LeaveBehind();
  void Fit();
  void TellSize();
  void WatchIdle();

  const std::string id_;
  const TerminalLimits limits_;
  const std::function<void()> on_end_;
  Pty pty_;

  // Strand.
  WindowSize size_;
  Scrollback scrollback_;
  std::vector<Seat> seats_;
  QueryFilter unasked_;                // what those are shown who do not answer
  boost::asio::steady_timer waiting_;  // for room, or for more output
  boost::asio::steady_timer idle_;     // while nobody looks
  bool untold_ = false;                // the size or the number of viewers
  bool closing_ = false;
  bool ended_ = false;
  PtyExit exit_;

  mutable std::mutex mutex_;
  Summary summary_;
};

}  // namespace repl
