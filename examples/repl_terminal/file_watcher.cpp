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

constexpr std::chrono::milliseconds burst{100};

// -1 where the system gives none.
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
      pause_(executor_),
      points_(workspace.Root(), OpenInotify(inotify_)) {}

Outcome<> FileWatcher::Watch(const std::shared_ptr<ChangeListener>& listener, const std::vector<std::string>& paths) {
  if (paths.size() > max_paths) return Problem{"That is more than can be watched at once."};
  Paths wanted;
  for (const std::string& text : paths) {
    const auto path = WorkspacePath::Parse(text);
    if (!path) return path.Why();
    if (path->Parts().size() > max_depth) return Problem{path->Quoted() + " lies too deep to be watched."};
    wanted.emplace(path->Joined(), text);
  }
  const auto added = Exchange(listener, wanted);
  if (!added) return added.Why();
  if (BeginToTell(listener, wanted, *added)) {
    asio::co_spawn(executor_, TellNew(shared_from_this(), listener), asio::detached);
  }
  return Done{};
}

// What a listener has not been told of grows no further than what it watches; true where nobody tells it yet.
bool FileWatcher::BeginToTell(const std::shared_ptr<ChangeListener>& listener, const Paths& wanted,
                              const Paths& added) {
  if (added.empty()) return false;
  const std::lock_guard lock(mutex_);
  const auto [untold, begins] = untold_.try_emplace(listener);
  std::erase_if(untold->second, [&](const auto& one) { return !wanted.contains(one); });
  untold->second.insert(added.begin(), added.end());
  return begins;
}

std::optional<FileWatcher::Paths::value_type> FileWatcher::NextUntold(const std::shared_ptr<ChangeListener>& listener) {
  const std::lock_guard lock(mutex_);
  const auto found = untold_.find(listener);
  if (!found->second.empty()) return std::move(found->second.extract(found->second.begin()).value());
  untold_.erase(found);
  return std::nullopt;
}

void FileWatcher::Leave(const std::shared_ptr<ChangeListener>& listener) {
  (void)Exchange(listener, {});
}

Outcome<FileWatcher::Paths> FileWatcher::Exchange(const std::shared_ptr<ChangeListener>& listener,
                                                  const Paths& wanted) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(listener);
  const Paths old = found == watched_.end() ? Paths() : found->second;
  auto added = AddAll(wanted, old);
  if (!added) return added;
  for (const auto& one : old) {
    if (!wanted.contains(one)) points_.Remove(Parsed(one.first));
  }
  watched_[listener] = wanted;
  if (wanted.empty()) watched_.erase(listener);

  const auto self = shared_from_this();
  if (is_running_ && watched_.empty()) {
    asio::post(executor_, [self] {
      self->inotify_.cancel();
      self->pause_.cancel();
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
    const Outcome<> watching =
        inotify_.is_open() ? points_.Add(Parsed(one.first)) : Problem{"The system lets nobody else watch files."};
    if (watching) {
      added.insert(one);
      continue;
    }
    for (const auto& taken : added) points_.Remove(Parsed(taken.first));
    return watching.Why();
  }
  return added;
}

asio::awaitable<void> FileWatcher::Run(std::shared_ptr<FileWatcher> self) {
  boost::system::error_code error;
  while (self->GoesOn()) {
    co_await self->inotify_.async_wait(asio::posix::descriptor_base::wait_read,
                                       asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) continue;  // nobody watches, or somebody does again
    if (error) co_return;
    self->pause_.expires_after(burst);
    co_await self->pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const std::set<std::string> touched = self->Touched();
    for (const std::string& path : touched) {
      self->Tell(path);
      co_await asio::post(self->executor_, asio::use_awaitable);  // others have their turn in between
    }
  }
}

asio::awaitable<void> FileWatcher::TellNew(std::shared_ptr<FileWatcher> self,
                                           std::shared_ptr<ChangeListener> listener) {
  while (const auto one = self->NextUntold(listener)) {
    co_await asio::post(self->executor_, asio::use_awaitable);
    if (!self->IsWatched(listener, *one)) continue;
    const Glance now = self->workspace_.Look(one->first);
    if (now.kind == Glance::Kind::Nothing || !now.hash.empty()) listener->Changed({one->second, now});
  }
}

bool FileWatcher::IsWatched(const std::shared_ptr<ChangeListener>& listener, const Paths::value_type& one) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(listener);
  return found != watched_.end() && found->second.contains(one);
}

bool FileWatcher::GoesOn() {
  const std::lock_guard lock(mutex_);
  return is_running_ = !watched_.empty();
}

std::set<std::string> FileWatcher::Touched() {
  const std::lock_guard lock(mutex_);
  return points_.Read();
}

void FileWatcher::Tell(const std::string& path) {
  std::vector<std::pair<std::shared_ptr<ChangeListener>, std::string>> told;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [listener, paths] : watched_) {
      for (auto at = paths.lower_bound({path, ""}); at != paths.end() && at->first == path; ++at) {
        told.emplace_back(listener, at->second);
      }
    }
  }
  if (told.empty()) return;
  const Glance now = workspace_.Look(path);
  for (const auto& [listener, text] : told) listener->Changed({text, now});
}

}  // namespace repl
