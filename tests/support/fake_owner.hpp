// A connection as its mailbox sees it: a table of callbacks, and a record of the calls that the mailbox made.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/fake_peer.hpp"
#include "ws/detail/dispatch/event_dispatch.hpp"
#include "ws/detail/dispatch/mailbox_owner.hpp"

namespace ws::test {

/// Thread-safe. Tests wait for the expected calls instead of sleeping.
class FakeOwner : public dispatch::MailboxOwner {
 public:
  using EventKind = dispatch::EventKind;

  template <class F>
  CallbackId On(std::string_view event, F&& callback, Order order = Order::Sequential) {
    return table.Add(event, dispatch::MakeCallback<Peer>(std::forward<F>(callback)), order)->id;
  }
  template <class F>
  CallbackId Once(std::string_view event, F&& callback) {
    return table.Add(event, dispatch::MakeCallback<Peer>(std::forward<F>(callback)), Order::Sequential, true)->id;
  }
  template <class F>
  CallbackId OnAny(F&& callback) {
    return table.AddAny(dispatch::MakeCallback<Peer>(std::forward<F>(callback)));
  }

  template <class F>
  CallbackId Use(F&& callback) {
    return table.AddMiddleware(dispatch::MakeMiddleware<Peer>(std::forward<F>(callback)));
  }

  bool CanStart() override { return can_start ? can_start() : true; }
  dispatch::ConnectionPtr Self() override { return nullptr; }
  dispatch::CallbackList FindCallbacks(EventKind delivery, const Message& message) override {
    dispatch::CallbackList found;
    if (delivery == EventKind::Message) found.AddMiddleware(table.Middleware());
    found.Add(delivery == EventKind::Raw ? table.Raw() : table.Find(message.Event()));
    if (delivery == EventKind::Message) found.Add(table.Any());
    return found;
  }
  void RemoveOnce(const dispatch::Registration& registration) override { table.Remove(registration.id); }
  void OnHandled(EventKind, const Message& message, dispatch::DispatchResult answer) override {
    if (no_memory.exchange(false)) throw std::bad_alloc();
    {
      const std::lock_guard lock(mutex_);
      answered_.emplace_back(message.Event(), std::move(answer));
    }
    changed_.notify_all();
  }
  void OnFailure() override { ++failures; }
  void OnCallbackException(const Message& message, std::string_view what) override {
    const std::lock_guard lock(mutex_);
    threw_.push_back(std::string(message.Event()) + ": " + std::string(what));
  }
  void OnDiscarded(const Message& message) override {
    {
      const std::lock_guard lock(mutex_);
      discarded_.emplace_back(message.Event());
    }
    changed_.notify_all();
  }

  /// Waits until that many messages were answered or discarded.
  void WaitFor(std::size_t messages) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answered_.size() + discarded_.size() >= messages; });
  }
  std::vector<std::string> Answers() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> events;
    for (const auto& [event, answer] : answered_) events.push_back(event);
    return events;
  }
  dispatch::DispatchResult LastAnswer() const {
    const std::lock_guard lock(mutex_);
    return answered_.back().second;
  }
  std::vector<std::string> DiscardedEvents() const {
    const std::lock_guard lock(mutex_);
    return discarded_;
  }
  std::vector<std::string> Thrown() const {
    const std::lock_guard lock(mutex_);
    return threw_;
  }

  dispatch::EventTable table;
  /// Overrides CanStart(). Set it before the mailbox runs.
  std::function<bool()> can_start;
  /// The next call of Answered() throws std::bad_alloc.
  std::atomic<bool> no_memory = false;
  std::atomic<int> failures = 0;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, dispatch::DispatchResult>> answered_;
  std::vector<std::string> discarded_;
  std::vector<std::string> threw_;
};

inline std::shared_ptr<dispatch::EventDispatch> MakeDispatch(
    std::string_view event, Json data = nullptr, dispatch::EventKind delivery = dispatch::EventKind::Message) {
  return std::make_shared<dispatch::EventDispatch>(delivery, event, std::move(data));
}

}  // namespace ws::test
