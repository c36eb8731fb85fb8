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

// Handles the terminal events of one connection: requestTerminal, terminalInput, terminalResize, terminalAck,
// detachTerminal, closeTerminal, listTerminals. The sessions outlive the connection. A client that sends the id of a
// session gets the same shell again, with its scrollback.
class TerminalEvents final : public std::enable_shared_from_this<TerminalEvents> {
 public:
  // Registers the events.
  static void Serve(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode);

  TerminalEvents(ws::Handler socket, std::shared_ptr<TerminalSessions> sessions, Mode mode);

 private:
  struct Attachment {
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
  void Remove(const std::string& id, const SocketViewer& viewer);
  void DetachAll();

  // Returns empty pointers if this connection is not attached to the session.
  Attachment Find(const ws::Json& data);

  ws::Handler socket_;
  const std::shared_ptr<TerminalSessions> sessions_;
  const Mode mode_;
  const std::string user_;

  std::mutex mutex_;
  std::map<std::string, Attachment> attachments_;  // by session id
};

}  // namespace repl
