// Coroutines that wait for one and the same thing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "transport/completion.hpp"
#include "ws/error.hpp"

namespace ws::transport {

// Not thread-safe.
class WaitList {
 public:
  void Add(std::uint64_t id, Completion<Error> waiter) { waiters_.emplace(id, std::move(waiter)); }
  std::optional<Completion<Error>> Take(std::uint64_t id) {
    auto node = waiters_.extract(id);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }
  std::map<std::uint64_t, Completion<Error>> TakeAll() noexcept { return std::exchange(waiters_, {}); }

 private:
  std::map<std::uint64_t, Completion<Error>> waiters_;
};

}  // namespace ws::transport
