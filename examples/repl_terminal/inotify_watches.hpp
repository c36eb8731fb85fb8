#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "outcome.hpp"
#include "workspace_root.hpp"

struct inotify_event;

namespace repl {

// Keeps the inotify watches that are needed to notice every change of a set of paths. Watches each path and every
// folder above it, so that a path may be deleted and created again, replaced by a rename, or redirected by a symbolic
// link. Paths have the form of WorkspacePath::Joined, so "." is the root. Not thread-safe.
class InotifyWatches final {
 public:
  // `inotify` must be non-blocking. The caller keeps ownership.
  InotifyWatches(const WorkspaceRoot& root, int inotify) : root_(root), inotify_(inotify) {}

  // Calls are counted: a path is watched until Remove was called as often as Add.
  Outcome<> Add(const WorkspacePath& path);
  void Remove(const WorkspacePath& path);

  // Reads the pending events. Returns the added paths, and folders above them, that have changed. A change that
  // happens after a caller has read a returned path is returned by a later call.
  std::set<std::string> ReadEvents();

 private:
  struct Watch {
    int wd = -1;  // the watch descriptor; -1 if the path does not exist or may not be read
    std::size_t users = 0;
  };
  using WatchMap = std::map<std::string, Watch>;

  // Returns false if the system's limit of watches is reached.
  bool AddWatch(const std::string& path, Watch& watch);
  void RemoveWatch(const std::string& path, Watch& watch);
  void Release(const std::string& path);

  void HandleEvent(const inotify_event& event, std::string_view name);
  void MarkTree(const std::string& path);

  const WorkspaceRoot& root_;
  const int inotify_;
  WatchMap watches_;
  std::map<int, std::set<std::string>> paths_by_wd_;  // links may lead to one file by several paths

  std::set<std::string> changed_;     // collected while ReadEvents runs
  std::set<std::string> to_rewatch_;  // sorted: a folder comes before its contents
};

}  // namespace repl
