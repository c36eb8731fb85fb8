#include "watch_points.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "unique_fd.hpp"

namespace repl {
namespace {

constexpr std::uint32_t coming_and_going = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t content = IN_MODIFY | IN_CLOSE_WRITE;
constexpr std::uint32_t its_own_end = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

// The queue holds 16,384 events by default, so one turn empties it, and ends also where more keep coming.
constexpr int max_reads = 64;

// "a/b": ".", "a", "a/b".
std::vector<std::string> WayTo(const WorkspacePath& path) {
  std::vector<std::string> way = {"."};
  for (const std::string& part : path.Parts()) way.push_back(way.size() == 1 ? part : way.back() + "/" + part);
  return way;
}

}  // namespace

Outcome<> WatchPoints::Add(const WorkspacePath& path) {
  bool is_placed = true;
  for (const std::string& step : WayTo(path)) {
    Point& point = points_[step];
    if (point.users++ == 0) is_placed = Place(step, point) && is_placed;
  }
  if (is_placed) return Done{};
  Remove(path);
  return Problem{"The system has no room to watch more files and folders."};
}

void WatchPoints::Remove(const WorkspacePath& path) {
  for (const std::string& step : WayTo(path)) Release(step);
}

std::set<std::string> WatchPoints::Read() {
  alignas(inotify_event) char buffer[64 * 1024];
  static_assert(sizeof buffer > sizeof(inotify_event) + NAME_MAX + 1);
  for (int turn = 0; turn < max_reads; ++turn) {
    const ssize_t size = ::read(inotify_, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (const char* at = buffer; at < buffer + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      Take(event, std::string_view(name, ::strnlen(name, event.len)));
      at = name + event.len;
    }
  }
  for (const std::string& path : std::exchange(to_place_, {})) {
    const auto found = points_.find(path);
    if (found != points_.end()) Place(path, found->second);
  }
  return std::exchange(touched_, {});
}

void WatchPoints::Take(const inotify_event& event, std::string_view name) {
  if (event.mask & IN_Q_OVERFLOW) return TouchTree(".");  // whatever it was
  const auto found = paths_of_.find(event.wd);
  if (found == paths_of_.end()) return;
  for (const std::string& path : std::set<std::string>(found->second)) {
    if (event.mask & its_own_end) TouchTree(path);
    if (name.empty()) {
      touched_.insert(path);
      continue;
    }
    const std::string child = path == "." ? std::string(name) : path + "/" + std::string(name);
    const bool is_known = points_.contains(child);
    if (event.mask & coming_and_going) touched_.insert(path);
    if (event.mask & coming_and_going && is_known) TouchTree(child);
    if (event.mask & content && is_known) touched_.insert(child);
  }
  if (!(event.mask & IN_IGNORED)) return;  // else the kernel has ended the watch
  const auto ended = paths_of_.find(event.wd);
  if (ended == paths_of_.end()) return;
  for (const std::string& path : ended->second) points_.at(path).watch = -1;
  paths_of_.erase(ended);
}

// Nothing below is where it was.
void WatchPoints::TouchTree(const std::string& path) {
  const std::string prefix = path == "." ? "" : path + "/";
  const auto touch = [this](const std::string& one) {
    touched_.insert(one);
    to_place_.insert(one);
  };
  if (points_.contains(path)) touch(path);
  for (auto at = points_.lower_bound(prefix); at != points_.end() && at->first.starts_with(prefix); ++at) {
    touch(at->first);
  }
}

bool WatchPoints::Place(const std::string& path, Point& point) {
  const auto parsed = WorkspacePath::Parse(path);
  const UniqueFd place = parsed ? root_.Open(*parsed, O_PATH) : UniqueFd();
  struct stat about {};
  const bool is_there =
      place && ::fstat(place.Get(), &about) == 0 && (S_ISDIR(about.st_mode) || S_ISREG(about.st_mode));
  // By the descriptor, so that no name is resolved again, which by now may lead out.
  const std::string name = "/proc/self/fd/" + std::to_string(place.Get());
  const std::uint32_t mask = coming_and_going | content | IN_DELETE_SELF | IN_MOVE_SELF;
  const int watch = is_there ? ::inotify_add_watch(inotify_, name.c_str(), mask) : -1;
  const bool has_room = !is_there || watch >= 0 || errno == EACCES;
  if (watch == point.watch) return has_room;
  Displace(path, point);
  if (watch < 0) return has_room;
  point.watch = watch;
  paths_of_[watch].insert(path);
  return true;
}

void WatchPoints::Displace(const std::string& path, Point& point) {
  const auto found = paths_of_.find(std::exchange(point.watch, -1));
  if (found == paths_of_.end()) return;
  found->second.erase(path);
  if (!found->second.empty()) return;
  ::inotify_rm_watch(inotify_, found->first);
  paths_of_.erase(found);
}

void WatchPoints::Release(const std::string& path) {
  const auto found = points_.find(path);
  if (found == points_.end() || --found->second.users > 0) return;
  Displace(path, found->second);
  points_.erase(found);
}

}  // namespace repl
