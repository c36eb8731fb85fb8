// Which callbacks hang on which event.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ws/dispatch/callback.hpp"
#include "ws/token.hpp"

namespace ws::dispatch {

// One registration. `fired` sees to it that what may run once does: a Once, or a callback of `connect`.
struct Registration {
  Token token = Token::None;
  CallbackPtr callback;
  Order order = Order::Arrival;
  bool once = false;
  std::atomic<bool> fired = false;
};
using Registrations = std::vector<std::shared_ptr<Registration>>;

// The map behind On and Off. Thread-safe; no callback runs and none is destroyed under its lock.
class EventTable {
 public:
  // Stores nothing, and gives null or Token::None, once the table is closed.
  std::shared_ptr<Registration> Add(std::string_view event, CallbackPtr callback, Order order = Order::Arrival,
                                    bool once = false);
  // Hears every event, after the event's own callbacks.
  Token AddAny(CallbackPtr callback);
  // Takes every data message unparsed; replaces an earlier one.
  Token SetRaw(CallbackPtr callback);

  void Remove(std::string_view event);
  void Remove(Token token);
  // Drops every callback and stays closed: the end of the owner's life.
  void Close();

  // What a message of this name runs, in order; allocates nothing for the look-up itself.
  std::shared_ptr<const Registrations> Find(std::string_view event) const;
  std::shared_ptr<const Registrations> Any() const;
  std::shared_ptr<const Registrations> Raw() const;
  bool HasRaw() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Shared = std::shared_ptr<const Registrations>;

  // Copies on write, so that a dispatch under way keeps its own list.
  static void Append(Shared& list, std::shared_ptr<Registration> added);
  static bool Erase(Shared& list, Token token);

  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events_;
  Shared any_;
  Shared raw_;
  std::uint64_t last_token_ = 0;
  bool closed_ = false;
};

inline void EventTable::Append(Shared& list, std::shared_ptr<Registration> added) {
  auto copy = list ? std::make_shared<Registrations>(*list) : std::make_shared<Registrations>();
  copy->push_back(std::move(added));
  list = std::move(copy);
}

inline bool EventTable::Erase(Shared& list, Token token) {
  if (!list) return false;
  auto copy = std::make_shared<Registrations>(*list);
  if (std::erase_if(*copy, [token](const auto& entry) { return entry->token == token; }) == 0) return false;
  list = copy->empty() ? nullptr : std::move(copy);
  return true;
}

inline std::shared_ptr<Registration> EventTable::Add(std::string_view event, CallbackPtr callback, Order order,
                                                     bool once) {
  auto added = std::make_shared<Registration>();
  added->callback = std::move(callback);
  added->order = order;
  added->once = once;
  Shared old;  // declared before the lock: destroyed after it
  const std::unique_lock lock(mutex_);
  if (closed_) return nullptr;
  added->token = Token{++last_token_};
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.emplace(std::string(event), nullptr).first;
  old = found->second;
  Append(found->second, added);
  return added;
}

inline Token EventTable::AddAny(CallbackPtr callback) {
  auto added = std::make_shared<Registration>();
  added->callback = std::move(callback);
  Shared old;
  const std::unique_lock lock(mutex_);
  if (closed_) return Token::None;
  added->token = Token{++last_token_};
  const Token token = added->token;
  old = any_;
  Append(any_, std::move(added));
  return token;
}

inline Token EventTable::SetRaw(CallbackPtr callback) {
  auto added = std::make_shared<Registration>();
  added->callback = std::move(callback);
  Shared old = std::make_shared<Registrations>(Registrations{added});
  const std::unique_lock lock(mutex_);
  if (closed_) return Token::None;
  added->token = Token{++last_token_};
  raw_.swap(old);
  return added->token;
}

inline void EventTable::Remove(std::string_view event) {
  Shared old;
  const std::unique_lock lock(mutex_);
  const auto found = events_.find(event);
  if (found == events_.end()) return;
  old = std::move(found->second);
  events_.erase(found);
}

inline void EventTable::Remove(Token token) {
  if (token == Token::None) return;
  Shared old;
  const std::unique_lock lock(mutex_);
  old = raw_;
  if (Erase(raw_, token)) return;
  old = any_;
  if (Erase(any_, token)) return;
  for (auto entry = events_.begin(); entry != events_.end(); ++entry) {
    old = entry->second;
    if (!Erase(entry->second, token)) continue;
    if (!entry->second) events_.erase(entry);
    return;
  }
}

inline void EventTable::Close() {
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events;
  Shared any, raw;
  const std::unique_lock lock(mutex_);
  closed_ = true;
  events.swap(events_);
  any.swap(any_);
  raw.swap(raw_);
}

inline std::shared_ptr<const Registrations> EventTable::Find(std::string_view event) const {
  const std::shared_lock lock(mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? nullptr : found->second;
}

inline std::shared_ptr<const Registrations> EventTable::Any() const {
  const std::shared_lock lock(mutex_);
  return any_;
}

inline std::shared_ptr<const Registrations> EventTable::Raw() const {
  const std::shared_lock lock(mutex_);
  return raw_;
}

inline bool EventTable::HasRaw() const {
  const std::shared_lock lock(mutex_);
  return raw_ != nullptr;
}

}  // namespace ws::dispatch
