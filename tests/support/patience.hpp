// Waiting with a deadline: how a test waits for another thread.
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

// What never comes on the slowest machine under the slowest sanitizer.
inline constexpr std::chrono::seconds patience{30};

// The future's value; throws where it does not come.
template <class T>
T Get(std::future<T> future) {
  if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("it did not come in time");
  return future.get();
}

// What happened, in order. Thread-safe.
class Journal {
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
  // All entries, once there are so many; throws where they do not come.
  std::vector<std::string> WaitFor(std::size_t count) const {
    std::unique_lock lock(mutex_);
    if (!added_.wait_for(lock, patience, [&] { return entries_.size() >= count; })) {
      throw std::runtime_error("only " + std::to_string(entries_.size()) + " of " + std::to_string(count) +
                               " happened");
    }
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  std::vector<std::string> entries_;
};

// A door that callbacks wait at until the test opens it.
class Door {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  // Throws where nobody opens.
  void Pass() {
    std::unique_lock lock(mutex_);
    if (!opened_.wait_for(lock, patience, [this] { return open_; })) throw std::runtime_error("nobody opened");
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace ws::test
