#include "watch_events.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>
#include <vector>

namespace repl {
namespace {

namespace asio = boost::asio;
using Reply = ws::Result;

ws::Json ToJson(const FileChange& change) {
  static constexpr const char* kinds[] = {"deleted", "folder", "file"};
  ws::Json data = {{"path", change.path}, {"kind", kinds[static_cast<int>(change.status.kind)]}};
  if (!change.status.hash.empty()) data["hash"] = change.status.hash;
  return data;
}

}  // namespace

void WatchEvents::Serve(ws::Handler socket, std::shared_ptr<FileWatcher> watcher) {
  const auto self = std::make_shared<WatchEvents>(socket, std::move(watcher));
  // A request gets the problem as its reply. Otherwise it is sent as an event.
  socket.On("watch", [self](ws::Handler& socket, const ws::Message& message) -> Reply {
    const auto watching = self->Watch(message.Data());
    if (watching) return {};
    if (!message.Id().empty()) return ws::Failure{"watch", watching.Error().message};
    socket.Emit("watchResponse", {{"error", watching.Error().message}});
    return {};
  });
  socket.On("disconnect", [self] { self->watcher_->Unwatch(self); });
}

WatchEvents::WatchEvents(ws::Handler socket, std::shared_ptr<FileWatcher> watcher)
    : socket_(std::move(socket)), watcher_(std::move(watcher)) {}

Outcome<> WatchEvents::Watch(const ws::Json& data) {
  const Problem malformed{"The request needs “paths”, a list of strings."};
  if (!data.is_object() || !data.contains("paths") || !data["paths"].is_array()) return malformed;
  std::vector<std::string> paths;
  for (const ws::Json& path : data["paths"]) {
    if (!path.is_string()) return malformed;
    paths.push_back(path.get<std::string>());
  }
  return watcher_->Watch(shared_from_this(), paths);
}

void WatchEvents::OnChange(const FileChange& change) {
  {
    const std::lock_guard lock(mutex_);
    pending_.insert_or_assign(change.path, change);
    if (std::exchange(is_sending_, true)) return;
  }
  asio::co_spawn(watcher_->Executor(), SendAll(shared_from_this()),
                 asio::detached);  // SendAll may start inside co_spawn, so the mutex is released before
}

// Sends one change at a time, when the connection's write queue has room.
asio::awaitable<void> WatchEvents::SendAll(std::shared_ptr<WatchEvents> self) {
  while (const auto next = self->Next()) {
    const ws::Json data = ToJson(*next);
    co_await self->socket_.EmitAsync("changed", data);  // fails at once after the connection has ended
  }
}

std::optional<FileChange> WatchEvents::Next() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty()) {
    is_sending_ = false;
    return std::nullopt;
  }
  return std::move(pending_.extract(pending_.begin()).mapped());
}

}  // namespace repl
