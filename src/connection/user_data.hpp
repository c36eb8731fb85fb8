// The application's own data on a connection.
#pragma once

#include <any>
#include <mutex>

namespace ws::connection {

// Holds one value, which is made on first use. Thread-safe; the value is guarded by the application.
class UserData {
 public:
  std::any& Get(std::any (*make)()) {
    {
      const std::lock_guard lock(mutex_);
      if (value_.has_value()) return value_;
    }
    std::any made = make();  // if another thread was faster, it is destroyed without the lock
    const std::lock_guard lock(mutex_);
    if (!value_.has_value()) value_.swap(made);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::any value_;
};

}  // namespace ws::connection
