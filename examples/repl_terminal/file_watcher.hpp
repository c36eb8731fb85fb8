#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outcome.hpp"
#include "watch_points.hpp"
#include "workspace.hpp"

namespace repl {

// What is at a path now, after something happened to it.
struct FileChange {
  std::string path;  // as it was asked for
  Glance now;
};

// Somebody who wants to know of changes.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;

  // On the watcher's executor; returns soon. May still be called once Leave has returned.
  virtual void Changed(const FileChange& change) = 0;
};

// Tells what changes on disk below a workspace, whoever changes it. A folder has changed when what it
// holds came or went; a file, when it was written, replaced, or came again. What happens within
// 100 ms is told once. A burst that the kernel's queue cannot hold is told as if all had changed.
// Threads: any. Has work on its executor only while somebody watches.
class FileWatcher final : public std::enable_shared_from_this<FileWatcher> {
 public:
  static constexpr std::size_t max_paths = 256;  // of one listener
  static constexpr std::size_t max_depth = 64;   // of each

  // The workspace outlives it. Files are read and hashed on the executor, one at a time.
  FileWatcher(boost::asio::any_io_executor executor, const Workspace& workspace);

  // Replaces what a listener watches; after a problem that is as it was. Paths need not exist. Of those
  // that are new to it files, and what is not there, are told once as they are: who has read a file
  // before sees by the hash whether something happened in between.
  Outcome<> Watch(const std::shared_ptr<ChangeListener>& listener, const std::vector<std::string>& paths);
  void Leave(const std::shared_ptr<ChangeListener>& listener);

  const boost::asio::any_io_executor& Executor() const { return executor_; }

 private:
  // By what the path means; a listener may have asked for one place by two texts.
  using Paths = std::set<std::pair<std::string, std::string>>;

  static boost::asio::awaitable<void> Run(std::shared_ptr<FileWatcher> self);
  static boost::asio::awaitable<void> TellNew(std::shared_ptr<FileWatcher> self,
                                              std::shared_ptr<ChangeListener> listener);
  bool BeginToTell(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted, const Paths& added);
  std::optional<Paths::value_type> NextUntold(const std::shared_ptr<ChangeListener>& listener);
  bool IsWatched(const std::shared_ptr<ChangeListener>& listener, const Paths::value_type& one);
  bool GoesOn();  // on the strand
  std::set<std::string> Touched();
  void Tell(const std::string& path);
  // The paths that are new to the listener.
  Outcome<Paths> Exchange(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted);
  Outcome<Paths> AddAll(const Paths& wanted, const Paths& old);

  const boost::asio::any_io_executor executor_;  // a strand
  const Workspace& workspace_;

  boost::asio::posix::stream_descriptor inotify_;  // on the strand, as the next
  boost::asio::steady_timer pause_;

  std::mutex mutex_;
  WatchPoints points_;
  std::map<std::shared_ptr<ChangeListener>, Paths> watched_;
  std::map<std::shared_ptr<ChangeListener>, Paths> untold_;  // of those who are being told what is there at first
  bool is_running_ = false;
};

}  // namespace repl
