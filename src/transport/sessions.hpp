// The connections of a server, from accept to the last callback.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ws::transport {

// How one session is ended. All may be called from any thread, and more than once.
struct SessionEnd {
  std::function<void()> drain = {};   // politely
  std::function<void()> abort = {};   // at once
  std::function<bool()> inside = {};  // whether the caller is one of its callbacks
};

// Counts sessions and ends them. Thread-safe; shared by all that a session consists of.
class Sessions : public std::enable_shared_from_this<Sessions> {
 public:
  // A session lasts as long as somebody holds this.
  class Ticket {
   public:
    Ticket(std::shared_ptr<Sessions> sessions, std::uint64_t id) : sessions_(std::move(sessions)), id_(id) {}
    ~Ticket() { sessions_->Remove(id_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // Replaces what ends the session; ends it at once where the server drains already.
    void EndBy(SessionEnd end) { sessions_->EndBy(id_, std::move(end)); }

   private:
    std::shared_ptr<Sessions> sessions_;
    std::uint64_t id_;
  };

  std::shared_ptr<Ticket> Enter() {
    const std::lock_guard lock(mutex_);
    const auto entered = ends_.emplace(++last_id_, SessionEnd()).first;
    try {
      return std::make_shared<Ticket>(shared_from_this(), last_id_);
    } catch (...) {
      ends_.erase(entered);  // nobody would: the server could not stop
      throw;
    }
  }

  std::size_t Count() const {
    const std::lock_guard lock(mutex_);
    return ends_.size();
  }

  void DrainAll() {
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
    }
    CallAll(&SessionEnd::drain);
  }
  void AbortAll() {
    {
      const std::lock_guard lock(mutex_);
      aborting_ = true;
    }
    CallAll(&SessionEnd::abort);
  }
  bool IsAnyInside() const {
    const auto calls = Collect(&SessionEnd::inside);
    return std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call(); });
  }

  // Whether all sessions ended in time.
  bool WaitUntilEmpty(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return emptied_.wait_until(lock, deadline, [this] { return ends_.empty(); });
  }

 private:
  void EndBy(std::uint64_t id, SessionEnd end) {
    SessionEnd now;
    bool aborts = false;
    {
      const std::lock_guard lock(mutex_);
      if (draining_) now = end;
      aborts = aborting_;
      std::swap(ends_[id], end);
    }
    if (now.drain) now.drain();
    if (aborts && now.abort) now.abort();
  }

  void Remove(std::uint64_t id) {
    SessionEnd end;
    const std::lock_guard lock(mutex_);
    const auto found = ends_.find(id);
    end = std::move(found->second);
    ends_.erase(found);
    if (ends_.empty()) emptied_.notify_all();
  }

  // Copied, to be called under no lock.
  template <class Call>
  std::vector<Call> Collect(Call SessionEnd::*which) const {
    std::vector<Call> calls;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, end] : ends_) {
      if (end.*which) calls.push_back(end.*which);
    }
    return calls;
  }
  void CallAll(std::function<void()> SessionEnd::*which) {
    for (const auto& call : Collect(which)) call();
  }

  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  std::unordered_map<std::uint64_t, SessionEnd> ends_;
  std::uint64_t last_id_ = 0;
  bool draining_ = false;
  bool aborting_ = false;
};

}  // namespace ws::transport
