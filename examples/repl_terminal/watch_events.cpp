#include "watch_events.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace repl {
namespace {

namespace asio = boost::asio;
using Reply = std::variant<std::monostate, ws::Json, ws::Failure>;

ws::Json ToJson(const FileChange& change) {
  static constexpr const char* kinds[] = {"deleted", "folder", "file"};
  ws::Json data = {{"path", change.path}, {"kind", kinds[static_cast<int>(change.now.kind)]}};
  if (!change.now.hash.empty()) data["hash"] = change.now.hash;
  return data;
}

}  // namespace

void WatchEvents::Serve(ws::Handler socket, std::shared_ptr<FileWatcher> watcher) {
  const auto self = std::make_shared<WatchEvents>(socket, std::move(watcher));
  // A problem is the reply of a request, and else an event.
  socket.On("watch", [self](ws::Handler& peer, const ws::Message& message) -> Reply {
    const auto watching = self->Watch(message.Data());
    if (watching) return {};
    if (!message.Id().empty()) return ws::Failure{"watch", watching.Why().sentence};
    peer.Emit("watchResponse", {{"error", watching.Why().sentence}});
    return {};
  });
  socket.On("disconnect", [self] { self->watcher_->Leave(self); });
}

WatchEvents::WatchEvents(ws::Handler socket, std::shared_ptr<FileWatcher> watcher)
    : socket_(std::move(socket)), watcher_(std::move(watcher)) {}

Outcome<> WatchEvents::Watch(const ws::Json& data) {
  const Problem malformed{"The request lacks the list of texts “paths”."};
  if (!data.is_object() || !data.contains("paths") || !data["paths"].is_array()) return malformed;
  std::vector<std::string> paths;
  for (const ws::Json& path : data["paths"]) {
    if (!path.is_string()) return malformed;
    paths.push_back(path.get<std::string>());
  }
  return watcher_->Watch(shared_from_this(), paths);
}

void WatchEvents::Changed(const FileChange& change) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.insert_or_assign(change.path, change);
    if (std::exchange(is_sending_, true)) return;
  }
  asio::co_spawn(watcher_->Executor(), SendAll(shared_from_this()), asio::detached);  // may begin here and now
}

// One after the other, each when the connection's queue has room.
asio::awaitable<void> WatchEvents::SendAll(std::shared_ptr<WatchEvents> self) {
  while (const auto next = self->Next()) {
    const ws::Json data = ToJson(*next);
    co_await self->socket_.EmitAsync("changed", data);  // after the connection's end it fails at once
  }
}

std::optional<FileChange> WatchEvents::Next() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) {
    is_sending_ = false;
    return std::nullopt;
  }
  return std::move(waiting_.extract(waiting_.begin()).mapped());
}

}  // namespace repl
