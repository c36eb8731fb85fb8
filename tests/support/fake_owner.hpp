// A connection as far as its mailbox knows it: a table of callbacks and a record of what happened.
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
#include "ws/detail/dispatch/exchange.hpp"
#include "ws/detail/dispatch/mailbox_owner.hpp"

namespace ws::test {

/// Thread-safe. Tests wait for what they expect instead of sleeping.
class FakeOwner : public dispatch::MailboxOwner {
 public:
  using Delivery = dispatch::Delivery;

  template <class F>
  CallbackId On(std::string_view event, F&& callback, Order order = Order::Sequential) {
    return table.Add(event, dispatch::MakeCallback<Peer>(std::forward<F>(callback)), order)->token;
  }
  template <class F>
  CallbackId Once(std::string_view event, F&& callback) {
    return table.Add(event, dispatch::MakeCallback<Peer>(std::forward<F>(callback)), Order::Sequential, true)->token;
  }
  template <class F>
  CallbackId OnAny(F&& callback) {
    return table.AddAny(dispatch::MakeCallback<Peer>(std::forward<F>(callback)));
  }

  template <class F>
  CallbackId Use(F&& callback) {
    return table.AddGate(dispatch::MakeGate<Peer>(std::forward<F>(callback)));
  }

  bool MayStart() override { return may_start ? may_start() : true; }
  dispatch::ConnectionPtr Self() override { return nullptr; }
  dispatch::Listeners Find(Delivery delivery, const Message& message) override {
    dispatch::Listeners found;
    if (delivery == Delivery::Event) found.AddGates(table.Gates());
    found.Add(delivery == Delivery::Raw ? table.Raw() : table.Find(message.Event()));
    if (delivery == Delivery::Event) found.Add(table.Any());
    return found;
  }
  void Forget(const dispatch::Registration& registration) override { table.Remove(registration.token); }
  void Answered(Delivery, const Message& message, dispatch::Answer answer) override {
    if (no_memory.exchange(false)) throw std::bad_alloc();
    {
      const std::lock_guard lock(mutex_);
      answered_.emplace_back(message.Event(), std::move(answer));
    }
    changed_.notify_all();
  }
  void Broke() noexcept override { ++broken; }
  void Threw(const Message& message, std::string_view what) override {
    const std::lock_guard lock(mutex_);
    threw_.push_back(std::string(message.Event()) + ": " + std::string(what));
  }
  void Discarded(const Message& message) override {
    {
      const std::lock_guard lock(mutex_);
      discarded_.emplace_back(message.Event());
    }
    changed_.notify_all();
  }

  /// Returns once so many messages were answered or discarded.
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
  dispatch::Answer LastAnswer() const {
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
  /// Set before the mailbox runs.
  std::function<bool()> may_start;
  /// The next answer finds none.
  std::atomic<bool> no_memory = false;
  std::atomic<int> broken = 0;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<std::string, dispatch::Answer>> answered_;
  std::vector<std::string> discarded_;
  std::vector<std::string> threw_;
};

inline std::shared_ptr<dispatch::Exchange> MakeExchange(std::string_view event, Json data = nullptr,
                                                        dispatch::Delivery delivery = dispatch::Delivery::Event) {
  return std::make_shared<dispatch::Exchange>(delivery, event, std::move(data));
}

}  // namespace ws::test
