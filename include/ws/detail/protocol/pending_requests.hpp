// Our requests that wait for a reply.
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

// Maps the id of each open request to its waiter and its deadline (protocol.md, section 3). Waiter is the type that
// receives the reply. Not thread-safe.
template <class Waiter>
class PendingRequests {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit PendingRequests(std::size_t max_open) : max_open_(max_open) {}

  // Returns false if the maximum number of requests is open.
  bool HasRoom() const noexcept { return open_.size() < max_open_; }
  // Adds a request. The id must not be in use.
  void Add(std::uint64_t id, Waiter waiter, Time deadline) { open_.emplace(id, Entry{std::move(waiter), deadline}); }

  // Removes the request and returns its waiter. Returns nullopt if no request with this id is open.
  std::optional<Waiter> Remove(std::uint64_t id) {
    const auto found = open_.find(id);
    if (found == open_.end()) return std::nullopt;
    std::optional<Waiter> waiter(std::move(found->second.waiter));
    open_.erase(found);
    return waiter;
  }

  bool Contains(std::uint64_t id) const { return open_.contains(id); }
  // Removes one request whose deadline has passed and returns its waiter. Returns nullopt if there is none.
  std::optional<Waiter> RemoveExpired(Time now) {
    for (const auto& [id, entry] : open_) {
      if (entry.deadline <= now) return Remove(id);
    }
    return std::nullopt;
  }

  // Removes the request with the lowest id and returns its waiter. Returns nullopt if no request is open.
  std::optional<Waiter> RemoveFirst() { return open_.empty() ? std::nullopt : Remove(open_.begin()->first); }

  // Returns the earliest deadline, or Time::max() if no request is open.
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
