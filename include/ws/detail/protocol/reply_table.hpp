// The requests of ours that wait for their reply.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ws::protocol {

// PROTOCOL.md 3. Waiter is whatever takes the reply. Not thread-safe.
template <class Waiter>
class ReplyTable {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit ReplyTable(std::size_t max_open) : max_open_(max_open) {}

  bool HasRoom() const noexcept { return open_.size() < max_open_; }
  // The id must be new.
  void Open(std::uint64_t id, Waiter waiter, Time deadline) { open_.emplace(id, Entry{std::move(waiter), deadline}); }

  // The waiter of that id, if it is open: once.
  std::optional<Waiter> Take(std::uint64_t id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return std::nullopt;
    std::optional<Waiter> waiter(std::move(found->second.waiter));
    open_.erase(found);
    return waiter;
  }

  std::optional<Waiter> TakeExpired(Time now) {
    for (const auto& [id, entry] : open_) {
      if (entry.deadline <= now) return Take(id);
    }
    return std::nullopt;
  }

  std::optional<Waiter> TakeFirst() { return open_.empty() ? std::nullopt : Take(open_.begin()->first); }

  Time NextDeadline() const {
    Time next = Time::max();
    for (const auto& [id, entry] : open_) next = std::min(next, entry.deadline);
    return next;
  }

  bool IsEmpty() const noexcept { return open_.empty(); }

 private:
  struct Entry {
    Waiter waiter;
    Time deadline;
  };

  const std::size_t max_open_;
  std::map<std::uint64_t, Entry> open_;
};

}  // namespace ws::protocol
