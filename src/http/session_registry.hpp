// The sessions of a server, from accept to the last callback.
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

namespace ws::http {

// The functions that end a session. Each may be called from any thread, and more than once.
struct SessionControl {
  std::function<void()> drain = {};                   // closes it with a closing handshake
  std::function<void()> abort = {};                   // ends it at once
  std::function<bool()> running_in_this_thread = {};  // true if the caller is one of its callbacks
};

// Counts sessions and ends them. Thread-safe.
class SessionRegistry : public std::enable_shared_from_this<SessionRegistry> {
 public:
  // A session lasts as long as one of its parts holds this.
  class Ticket {
   public:
    Ticket(std::shared_ptr<SessionRegistry> registry, std::uint64_t id) : registry_(std::move(registry)), id_(id) {}
    ~Ticket() { registry_->Remove(id_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // Replaces the functions that end the session. If the server is draining, ends it at once.
    void SetControl(SessionControl control) { registry_->SetControl(id_, std::move(control)); }

   private:
    std::shared_ptr<SessionRegistry> registry_;
    std::uint64_t id_;
  };

  std::shared_ptr<Ticket> Add() {
    std::shared_ptr<Ticket> ticket;  // declared before the lock: its destructor takes it
    const std::lock_guard lock(mutex_);
    ticket = std::make_shared<Ticket>(shared_from_this(), ++last_id_);
    sessions_.emplace(last_id_, SessionControl());
    return ticket;
  }

  std::size_t Count() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
  }

  void DrainAll() {
    {
      const std::lock_guard lock(mutex_);
      draining_ = true;
    }
    CallAll(&SessionControl::drain);
  }
  void AbortAll() {
    {
      const std::lock_guard lock(mutex_);
      aborting_ = true;
    }
    CallAll(&SessionControl::abort);
  }
  bool RunningInThisThread() const {
    const auto calls = Collect(&SessionControl::running_in_this_thread);
    return std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call(); });
  }

  // Returns false if a session has not ended in time.
  bool WaitUntilEmpty(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return all_ended_.wait_until(lock, deadline, [this] { return sessions_.empty(); });
  }

 private:
  void SetControl(std::uint64_t id, SessionControl control) {
    SessionControl now;
    bool aborts = false;
    {
      const std::lock_guard lock(mutex_);
      if (draining_) now = control;
      aborts = aborting_;
      std::swap(sessions_[id], control);
    }
    if (now.drain) now.drain();
    if (aborts && now.abort) now.abort();
  }

  void Remove(std::uint64_t id) {
    SessionControl removed;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) return;
    removed = std::move(found->second);
    sessions_.erase(found);
    if (sessions_.empty()) all_ended_.notify_all();
  }

  // Copies the functions, so that they are called without the lock.
  template <class Call>
  std::vector<Call> Collect(Call SessionControl::*which) const {
    std::vector<Call> calls;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, control] : sessions_) {
      if (control.*which) calls.push_back(control.*which);
    }
    return calls;
  }
  void CallAll(std::function<void()> SessionControl::*which) {
    for (const auto& call : Collect(which)) call();
  }

  mutable std::mutex mutex_;
  std::condition_variable all_ended_;
  std::unordered_map<std::uint64_t, SessionControl> sessions_;
  std::uint64_t last_id_ = 0;
  bool draining_ = false;
  bool aborting_ = false;
};

}  // namespace ws::http
