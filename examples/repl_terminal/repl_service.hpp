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

// Serves terminals and a file tree over WebSocket. Must outlive its connections.
class ReplService final {
 public:
  static constexpr const char* path = "/api/v1/repl/ws";

  // Files are read and written on `disk`.
  ReplService(Workspace& workspace, boost::asio::any_io_executor disk, std::shared_ptr<TerminalSessions> terminals,
              Mode mode = Mode::Full)
      : workspace_(workspace),
        disk_(std::move(disk)),
        watcher_(std::make_shared<FileWatcher>(disk_, workspace)),
        terminals_(std::move(terminals)),
        mode_(mode) {}

  // Returns the options of the route: authorization, and limits that fit files and terminals.
  static ws::Options Options(const Access& access, std::vector<std::string> allowed_origins);

  // Registers the events on a new connection.
  void Serve(ws::Handler socket) const;

 private:
  Workspace& workspace_;
  const boost::asio::any_io_executor disk_;
  const std::shared_ptr<FileWatcher> watcher_;
  const std::shared_ptr<TerminalSessions> terminals_;
  const Mode mode_;
};

}  // namespace repl
