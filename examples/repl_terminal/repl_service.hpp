#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <string>
#include <vector>

#include "access.hpp"
#include "pty.hpp"
#include "workspace.hpp"
#include "ws/handler.hpp"
#include "ws/options.hpp"

namespace repl {

// A terminal and a file tree over WebSocket: the events of each connection. Outlives them all.
class ReplService final {
 public:
  static constexpr const char* path = "/api/v1/repl/ws";

  // Shells are attended on `executor` and start as `shell` says.
  ReplService(Workspace& workspace, boost::asio::any_io_executor executor, PtyOptions shell)
      : workspace_(workspace), executor_(std::move(executor)), shell_(std::move(shell)) {}

  // For the route: who may connect, and bounds that fit files and terminals.
  static ws::Options Options(const Access& access, std::vector<std::string> allowed_origins);

  // Registers the events on a new connection.
  void Serve(ws::Handler socket) const;

 private:
  Workspace& workspace_;
  const boost::asio::any_io_executor executor_;
  const PtyOptions shell_;
};

}  // namespace repl
