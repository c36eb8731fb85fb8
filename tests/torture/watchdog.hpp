// Aborts the process if a scope is not left in time, because a test that hangs cannot report a failure.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace ws::torture {

class Watchdog {
 public:
  Watchdog(std::string what, std::chrono::steady_clock::duration limit)
      : thread_([this, what = std::move(what), limit] {
          std::unique_lock lock(mutex_);
          if (left_.wait_for(lock, limit, [this] { return is_left_; })) return;
          std::cerr << "timed out: " << what << std::endl;
          std::abort();
        }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      is_left_ = true;
    }
    left_.notify_all();
    thread_.join();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable left_;
  bool is_left_ = false;
  std::thread thread_;
};

}  // namespace ws::torture
