// The callbacks of one message.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

#include "ws/detail/dispatch/event_table.hpp"

namespace ws::dispatch {

// The callbacks of one message, in the order in which they run. Middleware comes first.
class CallbackList {
 public:
  using List = std::shared_ptr<const Registrations>;

  void Add(List list) {
    if (!list) return;
    size_ += list->size();
    lists_[used_++] = std::move(list);
  }
  // Adds callbacks that run before all others. A Failure of one of them keeps the rest from running.
  void AddMiddleware(List list) {
    Add(std::move(list));
    middleware_ = size_;
  }

  std::size_t Size() const noexcept { return size_; }
  bool IsMiddleware(std::size_t index) const noexcept { return index < middleware_; }
  // False if there is only middleware, or no callback at all.
  bool HasCallback() const noexcept { return size_ != middleware_; }
  const std::shared_ptr<Registration>& At(std::size_t index) const {
    std::size_t list = 0;
    while (index >= lists_[list]->size()) index -= lists_[list++]->size();
    return (*lists_[list])[index];
  }

 private:
  // At most five: the middleware of the hub and of the connection, the event's callbacks, and OnAny of both.
  std::array<List, 5> lists_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::size_t middleware_ = 0;
};

}  // namespace ws::dispatch
