#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "terminal_session.hpp"
#include "ws/handler.hpp"

namespace repl {

// The format in which a client receives output.
enum class OutputMode {
  Plain,     // `terminalResponse` with plain text, limited by the connection's write queue only
  Streaming  // `terminalOutput` with the session's id; the client acknowledges the output that it has drawn
};

// Shows a terminal session to one connection. Used on the session's strand.
class SocketViewer final : public TerminalViewer, public std::enable_shared_from_this<SocketViewer> {
 public:
  struct Options {
    OutputMode output_mode = OutputMode::Plain;
    bool read_only = false;
    bool resumed = false;  // true if the session existed before
    std::string tag = {};  // copied from the client's request, so that the client can match the answer
  };

  // `on_detached` is called on the strand when the session has ended or has detached this viewer.
  SocketViewer(ws::Handler socket, const std::shared_ptr<TerminalSession>& session, Options options,
               std::function<void(const SocketViewer&)> on_detached);

  void OnAttached(WindowSize size, const std::vector<Scrollback::Run>& shown) override;
  void OnOutput(const std::shared_ptr<const std::string>& output) override;
  void OnResized(WindowSize size, std::size_t viewers) override;
  void OnEnded(const PtyExit& exit) override;
  void OnDetached() override;
  bool CanType() const override { return !options_.read_only; }
  bool HasRoom() const override;

  // Records that the client has drawn the live output up to `end`, in UTF-16 units.
  void Acknowledge(std::uint64_t end);

  // May be called from any thread, because the options are constant.
  bool IsReadOnly() const noexcept { return options_.read_only; }

 private:
  struct Outgoing {
    std::string event;
    ws::Json data;
    std::size_t units;  // UTF-16 units of output
  };

  void Send(std::string event, ws::Json data, std::size_t units = 0);
  static boost::asio::awaitable<void> SendAll(std::shared_ptr<SocketViewer> self);

  ws::Handler socket_;
  const std::weak_ptr<TerminalSession> session_;
  const std::string id_;
  const Options options_;
  const std::function<void(const SocketViewer&)> on_detached_;

  std::deque<Outgoing> outbox_;
  bool is_sending_ = false;
  std::size_t queued_units_ = 0;  // UTF-16 units in the outbox
  std::uint64_t end_ = 0;         // UTF-16 units of live output so far
  std::uint64_t acknowledged_ = 0;
};

}  // namespace repl
