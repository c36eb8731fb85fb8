#include "file_watcher.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "unique_fd.hpp"

namespace repl {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds debounce_delay{100};

// Returns -1 if the system has no inotify instance left.
int OpenInotify(asio::posix::stream_descriptor& descriptor) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  boost::system::error_code error;
  if (fd) descriptor.assign(fd.Get(), error);
  return error ? -1 : fd.Release();
}

WorkspacePath Parsed(const std::string& path) {
  return *WorkspacePath::Parse(path);
}

}  // namespace

FileWatcher::FileWatcher(asio::any_io_executor executor, const Workspace& workspace)
    : executor_(asio::make_strand(executor)),
      workspace_(workspace),
      inotify_(executor_),
      debounce_timer_(executor_),
      watches_(workspace.Root(), OpenInotify(inotify_)) {}

Outcome<> FileWatcher::Watch(const std::shared_ptr<ChangeListener>& listener, const std::vector<std::string>& paths) {
  if (paths.size() > max_paths) return Problem{"Too many paths to watch at once."};
  Paths wanted;
  for (const std::string& text : paths) {
    const auto path = WorkspacePath::Parse(text);
    if (!path) return path.Error();
    if (path->Parts().size() > max_depth) return Problem{path->Quoted() + " is nested too deeply to be watched."};
    wanted.emplace(path->Joined(), text);
  }
  const auto added = ReplacePaths(listener, wanted);
  if (!added) return added.Error();
  if (QueueInitialReports(listener, wanted, *added)) {
    asio::co_spawn(executor_, ReportInitial(shared_from_this(), listener), asio::detached);
  }
  return Done{};
}

// Queues the new paths for ReportInitial, and drops paths that are no longer wanted, so the queue never exceeds the
// watched paths. Returns true if no ReportInitial is running for the listener yet.
bool FileWatcher::QueueInitialReports(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted,
                                      const Paths& added) {
  if (added.empty()) return false;
  const std::lock_guard lock(mutex_);
  const auto [unreported, begins] = unreported_.try_emplace(listener);
  std::erase_if(unreported->second, [&](const auto& one) { return !wanted.contains(one); });
  unreported->second.insert(added.begin(), added.end());
  return begins;
}

std::optional<FileWatcher::Paths::value_type> FileWatcher::NextUnreported(
    const std::shared_ptr<ChangeListener>& listener) {
  const std::lock_guard lock(mutex_);
  const auto found = unreported_.find(listener);
  if (!found->second.empty()) return std::move(found->second.extract(found->second.begin()).value());
  unreported_.erase(found);
  return std::nullopt;
}

void FileWatcher::Unwatch(const std::shared_ptr<ChangeListener>& listener) {
  (void)ReplacePaths(listener, {});
}

Outcome<FileWatcher::Paths> FileWatcher::ReplacePaths(const std::shared_ptr<ChangeListener>& listener,
                                                      const Paths& wanted) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(listener);
  const Paths old = found == watched_.end() ? Paths() : found->second;
  auto added = AddAll(wanted, old);
  if (!added) return added;
  for (const auto& one : old) {
    if (!wanted.contains(one)) watches_.Remove(Parsed(one.first));
  }
  watched_[listener] = wanted;
  if (wanted.empty()) watched_.erase(listener);

  const auto self = shared_from_this();
  if (is_running_ && watched_.empty()) {
    asio::post(executor_, [self] {
      self->inotify_.cancel();
      self->debounce_timer_.cancel();
    });
  } else if (!is_running_ && !watched_.empty()) {
    is_running_ = true;
    asio::post(executor_, [self] { asio::co_spawn(self->executor_, Run(self), asio::detached); });
  }
  return added;
}

Outcome<FileWatcher::Paths> FileWatcher::AddAll(const Paths& wanted, const Paths& old) {
  Paths added;
  for (const auto& one : wanted) {
    if (old.contains(one)) continue;
    const Outcome<> watching = inotify_.is_open() ? watches_.Add(Parsed(one.first))
                                                  : Problem{"The system's limit of inotify instances is reached."};
    if (watching) {
      added.insert(one);
      continue;
    }
    for (const auto& taken : added) watches_.Remove(Parsed(taken.first));
    return watching.Error();
  }
  return added;
}

asio::awaitable<void> FileWatcher::Run(std::shared_ptr<FileWatcher> self) {
  boost::system::error_code error;
  while (self->KeepRunning()) {
    co_await self->inotify_.async_wait(asio::posix::descriptor_base::wait_read,
                                       asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted)
      continue;  // cancelled because there is no listener left; one may have been added since
    if (error) co_return;
    self->debounce_timer_.expires_after(debounce_delay);
    co_await self->debounce_timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const std::set<std::string> changed_paths = self->ReadChangedPaths();
    for (const std::string& path : changed_paths) {
      self->ReportChange(path);
      co_await asio::post(self->executor_, asio::use_awaitable);  // let other work of the strand run
    }
  }
}

asio::awaitable<void> FileWatcher::ReportInitial(std::shared_ptr<FileWatcher> self,
                                                 std::shared_ptr<ChangeListener> listener) {
  while (const auto one = self->NextUnreported(listener)) {
    co_await asio::post(self->executor_, asio::use_awaitable);
    if (!self->IsWatched(listener, *one)) continue;
    const FileStatus status = self->workspace_.Stat(one->first);
    if (status.kind == FileStatus::Kind::Missing || !status.hash.empty()) listener->OnChange({one->second, status});
  }
}

bool FileWatcher::IsWatched(const std::shared_ptr<ChangeListener>& listener, const Paths::value_type& one) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(listener);
  return found != watched_.end() && found->second.contains(one);
}

bool FileWatcher::KeepRunning() {
  const std::lock_guard lock(mutex_);
  return is_running_ = !watched_.empty();
}

std::set<std::string> FileWatcher::ReadChangedPaths() {
  const std::lock_guard lock(mutex_);
  return watches_.ReadEvents();
}

void FileWatcher::ReportChange(const std::string& path) {
  std::vector<std::pair<std::shared_ptr<ChangeListener>, std::string>> targets;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [listener, paths] : watched_) {
      for (auto at = paths.lower_bound({path, ""}); at != paths.end() && at->first == path; ++at) {
        targets.emplace_back(listener, at->second);
      }
    }
  }
  if (targets.empty()) return;
  const FileStatus status = workspace_.Stat(path);
  for (const auto& [listener, text] : targets) listener->OnChange({text, status});
}

}  // namespace repl
