#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "terminal_session.hpp"
#include "ws/handler.hpp"

namespace repl {

// How a client hears of its terminals.
enum class Dialect {
  Original,  // output is the plain text of `terminalResponse`; it waits for room in the connection's queue
  Streaming  // output is `terminalOutput` with the session's id; the client acknowledges what it has drawn
};

// A connection that looks at a session. On the session's strand.
class SocketViewer final : public TerminalViewer, public std::enable_shared_from_this<SocketViewer> {
 public:
  struct View {
    Dialect dialect = Dialect::Original;
    bool read_only = false;
    bool resumed = false;  // a session that was there before
    std::string tag = {};  // of the client's, to know its question again
  };

  // `on_gone` is called on the strand when the session has ended, or has left this behind.
  SocketViewer(ws::Handler socket, const std::shared_ptr<TerminalSession>& session, View view,
               std::function<void(const SocketViewer&)> on_gone);

  void Begin(WindowSize size, const std::vector<Scrollback::Run>& shown) override;
  void Show(const std::shared_ptr<const std::string>& output) override;
  void Resized(WindowSize size, std::size_t viewers) override;
  void Ended(const PtyExit& exit) override;
  void LeftBehind() override;
  bool MayType() const override { return !view_.read_only; }
  bool HasRoom() const override;

  // The client has drawn so many UTF-16 units of the live output.
  void Acknowledge(std::uint64_t end);

  // Not on the strand: these do not change.
  const View& TheView() const noexcept { return view_; }

 private:
  struct Outgoing {
    std::string event;
    ws::Json data;
    std::size_t units;  // of output
  };

  void Send(std::string event, ws::Json data, std::size_t units = 0);
  static boost::asio::awaitable<void> SendAll(std::shared_ptr<SocketViewer> self);

  ws::Handler socket_;
  const std::weak_ptr<TerminalSession> session_;
  const std::string id_;
  const View view_;
  const std::function<void(const SocketViewer&)> on_gone_;

  std::deque<Outgoing> outbox_;
  bool sending_ = false;
  std::size_t waiting_ = 0;  // UTF-16 units in the outbox
  std::uint64_t end_ = 0;    // of the live output
  std::uint64_t acknowledged_ = 0;
};

}  // namespace repl
