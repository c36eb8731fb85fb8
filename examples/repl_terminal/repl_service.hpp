#pragma once

#include <memory>
#include <string>
#include <vector>

#include "access.hpp"
#include "file_watcher.hpp"
#include "mode.hpp"
#include "terminal_sessions.hpp"
#include "workspace.hpp"
#include "ws/handler.hpp"
#include "ws/options.hpp"

namespace repl {

// A terminal and a file tree over WebSocket: the events of each connection. Outlives them all.
class ReplService final {
 public:
  static constexpr const char* path = "/api/v1/repl/ws";

  ReplService(Workspace& workspace, std::shared_ptr<FileWatcher> watcher, std::shared_ptr<TerminalSessions> terminals,
              Mode mode = Mode::Full)
      : workspace_(workspace), watcher_(std::move(watcher)), terminals_(std::move(terminals)), mode_(mode) {}

  // For the route: who may connect, and bounds that fit files and terminals.
  static ws::Options Options(const Access& access, std::vector<std::string> allowed_origins);

  // Registers the events on a new connection.
  void Serve(ws::Handler socket) const;

 private:
  Workspace& workspace_;
  const std::shared_ptr<FileWatcher> watcher_;
  const std::shared_ptr<TerminalSessions> terminals_;
  const Mode mode_;
};

}  // namespace repl
