#include "repl_service.hpp"

#include <optional>
#include <string_view>

#include "file_events.hpp"
#include "terminal_events.hpp"
#include "watch_events.hpp"

namespace repl {

ws::Options ReplService::Options(const Access& access, std::vector<std::string> allowed_origins) {
  ws::Options options;
  // Large enough for a file of WorkspaceLimits::max_file_bytes in either direction, including JSON escapes.
  options.max_message_bytes = std::size_t{16} << 20;
  options.max_outbound_bytes = std::size_t{32} << 20;
  // Leaves room for terminal input while a save waits for the disk.
  options.max_inbound_bytes = 2 * options.max_message_bytes;
  // Terminals fill at most half of the queue: 2 MiB of output at 64 KiB a chunk.
  options.max_outbound_messages = 64;
  options.allowed_hosts = access.AllowedHosts();
  options.allowed_origins = std::move(allowed_origins);
  options.authorize = [&access](const ws::HttpRequest& request) { return access.Authorize(request); };
  return options;
}

namespace {

// Middleware for Mode::ReadOnly. Runs before every callback.
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
  socket.On("ping", [] {});  // the page measures the round-trip time
  ServeFiles(socket, workspace_, disk_, mode_);
  WatchEvents::Serve(socket, watcher_);
  TerminalEvents::Serve(socket, terminals_, mode_);
}

}  // namespace repl
