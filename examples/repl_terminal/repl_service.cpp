#include "repl_service.hpp"

#include "file_events.hpp"
#include "terminals.hpp"

namespace repl {

ws::Options ReplService::Options(const Access& access, std::vector<std::string> allowed_origins) {
  ws::Options options;
  // A file of WorkspaceLimits::max_file_bytes fits either way, also where escapes make it longer.
  options.max_message_bytes = std::size_t{16} << 20;
  options.max_queued_bytes = std::size_t{32} << 20;
  // Terminals fill half of the queue at most: at 64 KiB a chunk, 2 MiB of output wait.
  options.max_queued_messages = 64;
  options.allowed_hosts = Access::LoopbackNames();
  options.allowed_origins = std::move(allowed_origins);
  options.authorize = [&access](const ws::HttpRequest& request) { return access.Authorize(request); };
  return options;
}

void ReplService::Serve(ws::Handler socket) const {
  socket.On("ping", [] {});  // the reply tells the page how far away we are
  ServeFiles(socket, workspace_);
  Terminals::Serve(socket, executor_, shell_);
}

}  // namespace repl
