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

// Where inotify looks, so that whatever happens to a path is noticed: at what is there, and at every
// folder on the way to it, so that it may go and come again, be renamed over, or be led elsewhere by
// a link. Paths are WorkspacePath::Joined, so "." is the root. Not thread-safe.
class WatchPoints final {
 public:
  // `inotify` does not block, and belongs to somebody else.
  WatchPoints(const WorkspaceRoot& root, int inotify) : root_(root), inotify_(inotify) {}

  // Both count: a path is watched until it was removed as often as it was added.
  Outcome<> Add(const WorkspacePath& path);
  void Remove(const WorkspacePath& path);

  // What something has happened to, of the paths added and the folders on their way. What is looked
  // at afterwards is either told here already, or will be.
  std::set<std::string> Read();

 private:
  struct Point {
    int watch = -1;  // inotify's descriptor; none where nothing is there, or it may not be read
    std::size_t users = 0;
  };
  using Points = std::map<std::string, Point>;

  // False where the system has no more watches to give.
  bool Place(const std::string& path, Point& point);
  void Displace(const std::string& path, Point& point);
  void Release(const std::string& path);

  void Take(const inotify_event& event, std::string_view name);
  void TouchTree(const std::string& path);

  const WorkspaceRoot& root_;
  const int inotify_;
  Points points_;
  std::map<int, std::set<std::string>> paths_of_;  // by watch: links may lead to one place by two paths

  std::set<std::string> touched_;   // while Read runs
  std::set<std::string> to_place_;  // parents first
};

}  // namespace repl
