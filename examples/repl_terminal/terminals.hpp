#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "mode.hpp"
#include "outcome.hpp"
#include "socket_viewer.hpp"
#include "terminal_sessions.hpp"
#include "ws/handler.hpp"

namespace repl {

// The terminals that one connection looks at: requestTerminal, terminalInput, terminalResize,
// terminalAck, detachTerminal, closeTerminal, listTerminals. They outlive it; whoever brings a
// session's id gets the same shell again, with what it has shown.
class Terminals final : public std::enable_shared_from_this<Terminals> {
 public:
  // Registers the events.
  static void Serve(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode);

  Terminals(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode);

 private:
  struct View {
    std::shared_ptr<TerminalSession> session;
    std::shared_ptr<SocketViewer> viewer;
  };

  Outcome<ws::Json> Open(const ws::Json& data);
  Outcome<ws::Json> Write(const ws::Json& data);
  Outcome<ws::Json> Resize(const ws::Json& data);
  Outcome<ws::Json> Acknowledge(const ws::Json& data);
  Outcome<ws::Json> Detach(const ws::Json& data);
  Outcome<ws::Json> Close(const ws::Json& data);
  Outcome<ws::Json> List(const ws::Json& data);
  void Forget(const std::string& id, const SocketViewer& gone);
  void DetachAll();

  // Empty pointers where this connection does not look at it.
  View Find(const ws::Json& data);

  ws::Handler socket_;
  const std::shared_ptr<TerminalSessions> sessions_;
  const Mode mode_;
  const std::string user_;

  std::mutex mutex_;
  std::map<std::string, View> views_;  // by session id
};

}  // namespace repl
