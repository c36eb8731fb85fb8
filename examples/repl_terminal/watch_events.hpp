#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "file_watcher.hpp"
#include "ws/handler.hpp"

namespace repl {

// Handles the event `watch` of one connection and sends `changed`. If the connection is slower than the disk, only the
// latest status of each path is sent.
class WatchEvents final : public ChangeListener, public std::enable_shared_from_this<WatchEvents> {
 public:
  // Registers the event.
  static void Serve(ws::Handler socket, std::shared_ptr<FileWatcher> watcher);

  WatchEvents(ws::Handler socket, std::shared_ptr<FileWatcher> watcher);

  void OnChange(const FileChange& change) override;

 private:
  Outcome<> Watch(const ws::Json& data);
  static boost::asio::awaitable<void> SendAll(std::shared_ptr<WatchEvents> self);
  std::optional<FileChange> Next();

  ws::Handler socket_;
  const std::shared_ptr<FileWatcher> watcher_;

  std::mutex mutex_;
  std::map<std::string, FileChange> pending_;  // by path
  bool is_sending_ = false;
};

}  // namespace repl
