#include "repl_service.hpp"

#include <optional>
#include <string_view>

#include "file_events.hpp"
#include "terminals.hpp"
#include "watch_events.hpp"

namespace repl {

ws::Options ReplService::Options(const Access& access, std::vector<std::string> allowed_origins) {
  ws::Options options;
  // A file of WorkspaceLimits::max_file_bytes fits either way, also where escapes make it longer.
  options.max_message_bytes = std::size_t{16} << 20;
  options.max_outbound_bytes = std::size_t{32} << 20;
  // A save that waits for the disk holds up nothing that is typed.
  options.max_inbound_bytes = 2 * options.max_message_bytes;
  // Terminals fill half of the queue at most: at 64 KiB a chunk, 2 MiB of output wait.
  options.max_outbound_messages = 64;
  options.allowed_hosts = access.Names();
  options.allowed_origins = std::move(allowed_origins);
  options.authorize = [&access](const ws::HttpRequest& request) { return access.Authorize(request); };
  return options;
}

namespace {

// Every event is judged before anything hears it.
std::optional<ws::Failure> RefuseChanges(ws::Handler&, const ws::Message& message) {
  for (const std::string_view changing : {"updateContent", "createFile", "createFolder", "delete", "rename", "copy",
                                          "cut", "paste", "terminalInput", "closeTerminal"}) {
    if (message.Event() == changing) return ws::Failure{"read_only", "This server only lets you look."};
  }
  return std::nullopt;
}

}  // namespace

void ReplService::Serve(ws::Handler socket) const {
  if (mode_ == Mode::ReadOnly) socket.Use(RefuseChanges);
  socket.On("ping", [] {});  // the reply tells the page how far away we are
  ServeFiles(socket, workspace_, disk_, mode_);
  WatchEvents::Serve(socket, watcher_);
  Terminals::Serve(socket, terminals_, mode_);
}

}  // namespace repl
