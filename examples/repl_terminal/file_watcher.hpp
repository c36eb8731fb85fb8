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

#include "inotify_watches.hpp"
#include "outcome.hpp"
#include "workspace.hpp"

namespace repl {

// The new status of a path that has changed.
struct FileChange {
  std::string path;  // as the listener wrote it
  FileStatus status;
};

// Interface for the recipient of file changes.
class ChangeListener {
 public:
  virtual ~ChangeListener() = default;

  // Called on the watcher's executor. Must not block. May still be called shortly after Unwatch has returned.
  virtual void OnChange(const FileChange& change) = 0;
};

// Reports changes on disk below a workspace to its listeners. A folder has changed if an entry was added or removed. A
// file has changed if it was written, replaced or created again. Changes within 100 ms are reported once. If the
// kernel's event queue overflows, every watched path is reported as changed. Thread-safe. Runs work on its executor
// only while a listener watches a path.
class FileWatcher final : public std::enable_shared_from_this<FileWatcher> {
 public:
  static constexpr std::size_t max_paths = 256;  // of one listener
  static constexpr std::size_t max_depth = 64;   // of each path

  // The workspace must outlive the watcher. Files are read and hashed on the executor, one at a time.
  FileWatcher(boost::asio::any_io_executor executor, const Workspace& workspace);

  // Replaces the paths that a listener watches. On failure the old paths remain. Paths need not exist. Each newly
  // watched file, and each path that does not exist, is reported once with its current status, so that a listener that
  // has read the file before can compare the hashes.
  Outcome<> Watch(const std::shared_ptr<ChangeListener>& listener, const std::vector<std::string>& paths);
  void Unwatch(const std::shared_ptr<ChangeListener>& listener);

  const boost::asio::any_io_executor& Executor() const { return executor_; }

 private:
  // Pairs of the normalised path and the text that the listener used. One listener may use several texts for one path.
  using Paths = std::set<std::pair<std::string, std::string>>;

  static boost::asio::awaitable<void> Run(std::shared_ptr<FileWatcher> self);
  static boost::asio::awaitable<void> ReportInitial(std::shared_ptr<FileWatcher> self,
                                                    std::shared_ptr<ChangeListener> listener);
  bool QueueInitialReports(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted, const Paths& added);
  std::optional<Paths::value_type> NextUnreported(const std::shared_ptr<ChangeListener>& listener);
  bool IsWatched(const std::shared_ptr<ChangeListener>& listener, const Paths::value_type& one);
  bool KeepRunning();  // called on the strand
  std::set<std::string> ReadChangedPaths();
  void ReportChange(const std::string& path);
  // Returns the paths that are new to the listener.
  Outcome<Paths> ReplacePaths(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted);
  Outcome<Paths> AddAll(const Paths& wanted, const Paths& old);

  const boost::asio::any_io_executor executor_;  // a strand
  const Workspace& workspace_;

  boost::asio::posix::stream_descriptor inotify_;  // used on the strand, like the timer
  boost::asio::steady_timer debounce_timer_;

  std::mutex mutex_;
  InotifyWatches watches_;
  std::map<std::shared_ptr<ChangeListener>, Paths> watched_;
  std::map<std::shared_ptr<ChangeListener>, Paths> unreported_;  // newly watched paths whose status is not reported yet
  bool is_running_ = false;
};

}  // namespace repl
