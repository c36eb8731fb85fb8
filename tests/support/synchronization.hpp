// Ways for a test to wait for another thread. Each wait has a timeout.
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ws::test {

// Longer than any expected event takes, also on a slow machine under a sanitizer.
inline constexpr std::chrono::seconds wait_timeout{30};

// Returns the future's value. Throws if it is not ready in time.
template <class T>
T Get(std::future<T> future) {
  if (future.wait_for(wait_timeout) != std::future_status::ready)
    throw std::runtime_error("the future was not ready in time");
  return future.get();
}

// Records events in order. Thread-safe.
class Recorder {
 public:
  void Add(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    added_.notify_all();
  }
  std::vector<std::string> Entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  std::size_t Size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }
  // Waits until there are at least `count` entries, and returns all entries. Throws if they are not there in time.
  std::vector<std::string> WaitFor(std::size_t count) const {
    std::unique_lock lock(mutex_);
    if (!added_.wait_for(lock, wait_timeout, [&] { return entries_.size() >= count; })) {
      throw std::runtime_error("only " + std::to_string(entries_.size()) + " of " + std::to_string(count) +
                               " entries were recorded in time");
    }
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::vector<std::string> entries_;
};

// Blocks the threads that call Wait() until a thread calls Release(). Later calls of Wait() return at once.
class Latch {
 public:
  void Release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    released_.notify_all();
  }
  // Throws if Release() is not called in time.
  void Wait() {
    std::unique_lock lock(mutex_);
    if (!released_.wait_for(lock, wait_timeout, [this] { return is_released_; }))
      throw std::runtime_error("the latch was not released in time");
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  bool is_released_ = false;
};

}  // namespace ws::test
