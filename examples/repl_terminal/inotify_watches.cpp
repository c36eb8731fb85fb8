#include "inotify_watches.hpp"

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

constexpr std::uint32_t entry_events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t content_events = IN_MODIFY | IN_CLOSE_WRITE;
constexpr std::uint32_t self_events = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

// The kernel's queue holds 16,384 events by default, so this is enough to empty it. The limit ends the loop if new
// events keep arriving.
constexpr int max_reads = 64;

// Returns ".", "a", "a/b" for "a/b".
std::vector<std::string> PathPrefixes(const WorkspacePath& path) {
  std::vector<std::string> prefixes = {"."};
  for (const std::string& part : path.Parts())
    prefixes.push_back(prefixes.size() == 1 ? part : prefixes.back() + "/" + part);
  return prefixes;
}

}  // namespace

Outcome<> InotifyWatches::Add(const WorkspacePath& path) {
  bool is_watched = true;
  for (const std::string& prefix : PathPrefixes(path)) {
    Watch& watch = watches_[prefix];
    if (watch.users++ == 0) is_watched = AddWatch(prefix, watch) && is_watched;
  }
  if (is_watched) return Done{};
  Remove(path);
  return Problem{"The system's limit of watched files and folders is reached."};
}

void InotifyWatches::Remove(const WorkspacePath& path) {
  for (const std::string& prefix : PathPrefixes(path)) Release(prefix);
}

std::set<std::string> InotifyWatches::ReadEvents() {
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
      HandleEvent(event, std::string_view(name, ::strnlen(name, event.len)));
      at = name + event.len;
    }
  }
  for (const std::string& path : std::exchange(to_rewatch_, {})) {
    const auto found = watches_.find(path);
    if (found != watches_.end()) AddWatch(path, found->second);
  }
  return std::exchange(changed_, {});
}

void InotifyWatches::HandleEvent(const inotify_event& event, std::string_view name) {
  if (event.mask & IN_Q_OVERFLOW) return MarkTree(".");  // events were lost, so any path may have changed
  const auto found = paths_by_wd_.find(event.wd);
  if (found == paths_by_wd_.end()) return;
  for (const std::string& path : std::set<std::string>(found->second)) {
    if (event.mask & self_events) MarkTree(path);
    if (name.empty()) {
      changed_.insert(path);
      continue;
    }
    const std::string child = path == "." ? std::string(name) : path + "/" + std::string(name);
    const bool is_known = watches_.contains(child);
    if (event.mask & entry_events) changed_.insert(path);
    if (event.mask & entry_events && is_known) MarkTree(child);
    if (event.mask & content_events && is_known) changed_.insert(child);
  }
  if (!(event.mask & IN_IGNORED)) return;  // IN_IGNORED: the kernel has removed the watch
  const auto ended = paths_by_wd_.find(event.wd);
  if (ended == paths_by_wd_.end()) return;
  for (const std::string& path : ended->second) watches_.at(path).wd = -1;
  paths_by_wd_.erase(ended);
}

// Marks the path and all watched paths below it as changed, and renews their watches.
void InotifyWatches::MarkTree(const std::string& path) {
  const std::string prefix = path == "." ? "" : path + "/";
  const auto mark = [this](const std::string& one) {
    changed_.insert(one);
    to_rewatch_.insert(one);
  };
  if (watches_.contains(path)) mark(path);
  for (auto at = watches_.lower_bound(prefix); at != watches_.end() && at->first.starts_with(prefix); ++at) {
    mark(at->first);
  }
}

bool InotifyWatches::AddWatch(const std::string& path, Watch& watch) {
  const auto parsed = WorkspacePath::Parse(path);
  const UniqueFd fd = parsed ? root_.Open(*parsed, O_PATH) : UniqueFd();
  struct stat st {};
  const bool exists = fd && ::fstat(fd.Get(), &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode));
  // Watches the open descriptor, because the path could lead out of the root if it were resolved again.
  const std::string name = "/proc/self/fd/" + std::to_string(fd.Get());
  const std::uint32_t mask = entry_events | content_events | IN_DELETE_SELF | IN_MOVE_SELF;
  const int wd = exists ? ::inotify_add_watch(inotify_, name.c_str(), mask) : -1;
  const bool has_room = !exists || wd >= 0 || errno == EACCES;
  if (wd == watch.wd) return has_room;
  RemoveWatch(path, watch);
  if (wd < 0) return has_room;
  watch.wd = wd;
  paths_by_wd_[wd].insert(path);
  return true;
}

void InotifyWatches::RemoveWatch(const std::string& path, Watch& watch) {
  const auto found = paths_by_wd_.find(std::exchange(watch.wd, -1));
  if (found == paths_by_wd_.end()) return;
  found->second.erase(path);
  if (!found->second.empty()) return;
  ::inotify_rm_watch(inotify_, found->first);
  paths_by_wd_.erase(found);
}

void InotifyWatches::Release(const std::string& path) {
  const auto found = watches_.find(path);
  if (found == watches_.end() || --found->second.users > 0) return;
  RemoveWatch(path, found->second);
  watches_.erase(found);
}

}  // namespace repl
