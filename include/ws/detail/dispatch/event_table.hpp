// The callbacks of a connection or of a hub, by event.
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

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"

namespace ws::dispatch {

// One registered callback. `fired` keeps a Once, and a callback of `connect`, from running twice.
struct Registration {
  CallbackId id = CallbackId::None;
  CallbackPtr callback;
  Order order = Order::Sequential;
  bool once = false;
  bool shared = false;  // serves several connections: a hub's or a client's
  std::atomic<bool> fired = false;
};
using Registrations = std::vector<std::shared_ptr<Registration>>;

// Holds the callbacks that On, OnAny, Use and OnMessage register. Thread-safe; no callback runs, and none is destroyed,
// under its lock.
class EventTable {
 public:
  // A shared table serves several connections.
  enum class Scope { Connection, Shared };

  explicit EventTable(Scope scope = Scope::Connection) : scope_(scope) {}

  // Returns null, and the functions below CallbackId::None, if the table is closed.
  std::shared_ptr<Registration> Add(std::string_view event, CallbackPtr callback, Order order = Order::Sequential,
                                    bool once = false);
  // Adds a callback for every event. It runs after the event's own callbacks.
  CallbackId AddAny(CallbackPtr callback) { return AddTo(any_, std::move(callback)); }
  // Adds a callback that runs before an event's callbacks. If it returns a Failure, they do not run.
  CallbackId AddMiddleware(CallbackPtr callback) { return AddTo(middleware_, std::move(callback)); }
  // Sets the callback that gets every data message unparsed. Replaces an earlier one.
  CallbackId SetRaw(CallbackPtr callback);

  void Remove(std::string_view event);
  void Remove(CallbackId id);
  // Removes every callback and accepts no more. Called when the owner ends.
  void Close();

  bool IsEmpty() const noexcept { return held_ == 0; }
  // Returns the callbacks of an event in order, or null. The lookup allocates nothing.
  std::shared_ptr<const Registrations> Find(std::string_view event) const;
  std::shared_ptr<const Registrations> Any() const { return Copy(any_, Has::Any); }
  std::shared_ptr<const Registrations> Middleware() const { return Copy(middleware_, Has::Middleware); }
  std::shared_ptr<const Registrations> Raw() const { return Copy(raw_, Has::Raw); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Shared = std::shared_ptr<const Registrations>;

  enum class Has : unsigned { Events = 1, Any = 2, Middleware = 4, Raw = 8 };
  // Locks for writing, and updates held_ when it is destroyed.
  class Change {
   public:
    explicit Change(EventTable& table) : table_(table), lock_(table.mutex_) {}
    ~Change() { table_.held_ = table_.Contents(); }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    EventTable& table_;
    const std::unique_lock<std::shared_mutex> lock_;
  };
  unsigned Contents() const;

  // Both copy the list, so that a running dispatch keeps its own.
  static void Append(Shared& list, std::shared_ptr<Registration> added);
  static bool Erase(Shared& list, CallbackId id);

  std::shared_ptr<Registration> Make(CallbackPtr callback) const;
  CallbackId AddTo(Shared& list, CallbackPtr callback);
  bool Holds(Has what) const noexcept { return (held_.load() & static_cast<unsigned>(what)) != 0; }
  Shared Copy(const Shared& list, Has what) const {
    if (!Holds(what)) return nullptr;
    const std::shared_lock lock(mutex_);
    return list;
  }

  const Scope scope_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events_;
  Shared any_, middleware_, raw_;
  std::atomic<unsigned> held_ = 0;  // flags of Has; spares the lock if a list is empty
  std::uint64_t last_id_ = 0;
  bool closed_ = false;
};

inline unsigned EventTable::Contents() const {
  const auto one = [](bool holds, Has what) { return holds ? static_cast<unsigned>(what) : 0; };
  return one(!events_.empty(), Has::Events) | one(any_ != nullptr, Has::Any) |
         one(middleware_ != nullptr, Has::Middleware) | one(raw_ != nullptr, Has::Raw);
}

inline void EventTable::Append(Shared& list, std::shared_ptr<Registration> added) {
  auto copy = list ? std::make_shared<Registrations>(*list) : std::make_shared<Registrations>();
  copy->push_back(std::move(added));
  list = std::move(copy);
}

inline bool EventTable::Erase(Shared& list, CallbackId id) {
  if (!list) return false;
  auto copy = std::make_shared<Registrations>(*list);
  if (std::erase_if(*copy, [id](const auto& entry) { return entry->id == id; }) == 0) return false;
  list = copy->empty() ? nullptr : std::move(copy);
  return true;
}

inline std::shared_ptr<Registration> EventTable::Add(std::string_view event, CallbackPtr callback, Order order,
                                                     bool once) {
  auto added = Make(std::move(callback));
  added->order = order;
  added->once = once;
  Shared old;  // destroyed after the lock is released
  const Change change(*this);
  if (closed_) return nullptr;
  added->id = CallbackId{++last_id_};
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.emplace(std::string(event), nullptr).first;
  old = found->second;
  Append(found->second, added);
  return added;
}

inline std::shared_ptr<Registration> EventTable::Make(CallbackPtr callback) const {
  auto made = std::make_shared<Registration>();
  made->callback = std::move(callback);
  made->shared = scope_ == Scope::Shared;
  return made;
}

inline CallbackId EventTable::AddTo(Shared& list, CallbackPtr callback) {
  auto added = Make(std::move(callback));
  Shared old;
  const Change change(*this);
  if (closed_) return CallbackId::None;
  added->id = CallbackId{++last_id_};
  const CallbackId id = added->id;
  old = list;
  Append(list, std::move(added));
  return id;
}

inline CallbackId EventTable::SetRaw(CallbackPtr callback) {
  auto added = Make(std::move(callback));
  Shared old = std::make_shared<Registrations>(Registrations{added});
  const Change change(*this);
  if (closed_) return CallbackId::None;
  added->id = CallbackId{++last_id_};
  raw_.swap(old);
  return added->id;
}

inline void EventTable::Remove(std::string_view event) {
  Shared old;
  const Change change(*this);
  const auto found = events_.find(event);
  if (found == events_.end()) return;
  old = std::move(found->second);
  events_.erase(found);
}

inline void EventTable::Remove(CallbackId id) {
  if (id == CallbackId::None) return;
  Shared old;
  const Change change(*this);
  for (Shared* list : {&raw_, &any_, &middleware_}) {
    old = *list;
    if (Erase(*list, id)) return;
  }
  for (auto entry = events_.begin(); entry != events_.end(); ++entry) {
    old = entry->second;
    if (!Erase(entry->second, id)) continue;
    if (!entry->second) events_.erase(entry);
    return;
  }
}

inline void EventTable::Close() {
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events;
  Shared any, middleware, raw;
  const Change change(*this);
  closed_ = true;
  events.swap(events_);
  any.swap(any_);
  middleware.swap(middleware_);
  raw.swap(raw_);
}

inline std::shared_ptr<const Registrations> EventTable::Find(std::string_view event) const {
  if (!Holds(Has::Events)) return nullptr;
  const std::shared_lock lock(mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? nullptr : found->second;
}

}  // namespace ws::dispatch
