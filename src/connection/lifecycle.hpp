// The states of a connection, its waiters and its observers.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "connection/connection_observer.hpp"

namespace ws::connection {

// A connection goes through these states in order; it may skip some.
enum class State : std::uint8_t {
  New,           // there is no transport yet
  Opening,       // the handshake runs
  Open,          // messages are exchanged
  Closing,       // no message is accepted any more
  Disconnected,  // the transport has ended; callbacks may still run
  Finished       // all callbacks have returned, `disconnect` included
};

// The state of a connection, the coroutines that wait for its end, and the observers of its end. Thread-safe: it has a
// lock of its own, which may be taken with the connection's lock held.
template <class Waiter>
class Lifecycle {
 public:
  using Waiters = std::map<std::uint64_t, Waiter>;
  using Observers = std::vector<std::weak_ptr<ConnectionObserver>>;

  State Current() const noexcept { return state_; }

  // Goes from New to Opening. Returns false if the connection was closed before. Throws std::logic_error if it is
  // called twice.
  bool Begin() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::Opening || state_ == State::Open) throw std::logic_error("ws::Handler::Init was called twice");
    if (state_ != State::New) return false;
    state_ = State::Opening;
    return true;
  }
  // Goes to this state. Returns false if this state or a later one has been reached before.
  bool Reach(State state) noexcept {
    const std::lock_guard lock(mutex_);
    if (state_ >= state) return false;
    state_ = state;
    return true;
  }

  // Adds a waiter for Disconnected or Finished. If the state has been reached, returns the waiter instead.
  std::optional<Waiter> AddWaiter(State state, std::uint64_t id, Waiter waiter) {
    const std::lock_guard lock(mutex_);
    if (state_ >= state) return waiter;
    WaitersFor(state).emplace(id, std::move(waiter));
    return std::nullopt;
  }
  std::optional<Waiter> RemoveWaiter(State state, std::uint64_t id) {
    const std::lock_guard lock(mutex_);
    auto node = WaitersFor(state).extract(id);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }
  Waiters RemoveWaiters(State state) noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(WaitersFor(state), {});
  }

  // Returns false if the transport has ended: the observer would not be notified. An observer may be added only once.
  bool AddObserver(std::weak_ptr<ConnectionObserver> observer) {
    const std::lock_guard lock(mutex_);
    if (state_ >= State::Disconnected) return false;
    observers_.push_back(std::move(observer));
    return true;
  }
  void RemoveObserver(const std::weak_ptr<ConnectionObserver>& observer) {
    const std::lock_guard lock(mutex_);
    std::erase_if(observers_,
                  [&](const auto& one) { return !one.owner_before(observer) && !observer.owner_before(one); });
  }
  // Notifies and removes all observers.
  void NotifyObservers(const Connection& connection) noexcept {
    Observers observers;
    {
      const std::lock_guard lock(mutex_);
      observers.swap(observers_);
    }
    for (const auto& observer : observers) {
      if (const auto alive = observer.lock()) alive->OnDisconnected(connection);
    }
  }

 private:
  Waiters& WaitersFor(State state) noexcept {
    return state == State::Disconnected ? disconnected_waiters_ : finished_waiters_;
  }

  mutable std::mutex mutex_;
  std::atomic<State> state_ = State::New;
  Waiters disconnected_waiters_, finished_waiters_;
  Observers observers_;
};

}  // namespace ws::connection
