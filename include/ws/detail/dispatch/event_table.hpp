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

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"

namespace ws::dispatch {

// One registration. `fired` sees to it that what may run once does: a Once, or a callback of `connect`.
struct Registration {
  CallbackId token = CallbackId::None;
  CallbackPtr callback;
  Order order = Order::Sequential;
  bool once = false;
  bool common = false;  // a hub's: runs for each of its connections
  std::atomic<bool> fired = false;
};
using Registrations = std::vector<std::shared_ptr<Registration>>;

// The map behind On and Off. Thread-safe; no callback runs and none is destroyed under its lock.
class EventTable {
 public:
  EventTable() = default;
  // Of a hub, where true.
  explicit EventTable(bool common) : common_(common) {}

  // Stores nothing, and gives null or CallbackId::None, once the table is closed.
  std::shared_ptr<Registration> Add(std::string_view event, CallbackPtr callback, Order order = Order::Sequential,
                                    bool once = false);
  // Hears every event, after the event's own callbacks.
  CallbackId AddAny(CallbackPtr callback) { return AddTo(any_, std::move(callback)); }
  // Judges every event before its callbacks run: a Failure keeps them from running.
  CallbackId AddGate(CallbackPtr callback) { return AddTo(gates_, std::move(callback)); }
  // Takes every data message unparsed; replaces an earlier one.
  CallbackId SetRaw(CallbackPtr callback);

  void Remove(std::string_view event);
  void Remove(CallbackId token);
  // Drops every callback and stays closed: the end of the owner's life.
  void Close();

  bool IsEmpty() const noexcept { return held_ == 0; }
  // What a message of this name runs, in order; allocates nothing for the look-up itself.
  std::shared_ptr<const Registrations> Find(std::string_view event) const;
  std::shared_ptr<const Registrations> Any() const { return Copy(any_, Has::Any); }
  std::shared_ptr<const Registrations> Gates() const { return Copy(gates_, Has::Gates); }
  std::shared_ptr<const Registrations> Raw() const { return Copy(raw_, Has::Raw); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using Shared = std::shared_ptr<const Registrations>;

  enum class Has : unsigned { Events = 1, Any = 2, Gates = 4, Raw = 8 };
  // The lock for writing; notes at its end what there is.
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

  // Copies on write, so that a dispatch under way keeps its own list.
  static void Append(Shared& list, std::shared_ptr<Registration> added);
  static bool Erase(Shared& list, CallbackId token);

  std::shared_ptr<Registration> Make(CallbackPtr callback) const;
  CallbackId AddTo(Shared& list, CallbackPtr callback);
  bool Holds(Has what) const noexcept { return (held_.load() & static_cast<unsigned>(what)) != 0; }
  Shared Copy(const Shared& list, Has what) const {
    if (!Holds(what)) return nullptr;
    const std::shared_lock lock(mutex_);
    return list;
  }

  const bool common_ = false;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events_;
  Shared any_, gates_, raw_;
  std::atomic<unsigned> held_ = 0;  // of Has: what is empty need not be looked at under the lock
  std::uint64_t last_token_ = 0;
  bool closed_ = false;
};

inline unsigned EventTable::Contents() const {
  const auto one = [](bool holds, Has what) { return holds ? static_cast<unsigned>(what) : 0; };
  return one(!events_.empty(), Has::Events) | one(any_ != nullptr, Has::Any) | one(gates_ != nullptr, Has::Gates) |
         one(raw_ != nullptr, Has::Raw);
}

inline void EventTable::Append(Shared& list, std::shared_ptr<Registration> added) {
  auto copy = list ? std::make_shared<Registrations>(*list) : std::make_shared<Registrations>();
  copy->push_back(std::move(added));
  list = std::move(copy);
}

inline bool EventTable::Erase(Shared& list, CallbackId token) {
  if (!list) return false;
  auto copy = std::make_shared<Registrations>(*list);
  if (std::erase_if(*copy, [token](const auto& entry) { return entry->token == token; }) == 0) return false;
  list = copy->empty() ? nullptr : std::move(copy);
  return true;
}

inline std::shared_ptr<Registration> EventTable::Add(std::string_view event, CallbackPtr callback, Order order,
                                                     bool once) {
  auto added = Make(std::move(callback));
  added->order = order;
  added->once = once;
  Shared old;  // declared before the lock: destroyed after it
  const Change change(*this);
  if (closed_) return nullptr;
  added->token = CallbackId{++last_token_};
  auto found = events_.find(event);
  if (found == events_.end()) found = events_.emplace(std::string(event), nullptr).first;
  old = found->second;
  Append(found->second, added);
  return added;
}

inline std::shared_ptr<Registration> EventTable::Make(CallbackPtr callback) const {
  auto made = std::make_shared<Registration>();
  made->callback = std::move(callback);
  made->common = common_;
  return made;
}

inline CallbackId EventTable::AddTo(Shared& list, CallbackPtr callback) {
  auto added = Make(std::move(callback));
  Shared old;
  const Change change(*this);
  if (closed_) return CallbackId::None;
  added->token = CallbackId{++last_token_};
  const CallbackId token = added->token;
  old = list;
  Append(list, std::move(added));
  return token;
}

inline CallbackId EventTable::SetRaw(CallbackPtr callback) {
  auto added = Make(std::move(callback));
  Shared old = std::make_shared<Registrations>(Registrations{added});
  const Change change(*this);
  if (closed_) return CallbackId::None;
  added->token = CallbackId{++last_token_};
  raw_.swap(old);
  return added->token;
}

inline void EventTable::Remove(std::string_view event) {
  Shared old;
  const Change change(*this);
  const auto found = events_.find(event);
  if (found == events_.end()) return;
  old = std::move(found->second);
  events_.erase(found);
}

inline void EventTable::Remove(CallbackId token) {
  if (token == CallbackId::None) return;
  Shared old;
  const Change change(*this);
  for (Shared* list : {&raw_, &any_, &gates_}) {
    old = *list;
    if (Erase(*list, token)) return;
  }
  for (auto entry = events_.begin(); entry != events_.end(); ++entry) {
    old = entry->second;
    if (!Erase(entry->second, token)) continue;
    if (!entry->second) events_.erase(entry);
    return;
  }
}

inline void EventTable::Close() {
  std::unordered_map<std::string, Shared, Hash, std::equal_to<>> events;
  Shared any, gates, raw;
  const Change change(*this);
  closed_ = true;
  events.swap(events_);
  any.swap(any_);
  gates.swap(gates_);
  raw.swap(raw_);
}

inline std::shared_ptr<const Registrations> EventTable::Find(std::string_view event) const {
  if (!Holds(Has::Events)) return nullptr;
  const std::shared_lock lock(mutex_);
  const auto found = events_.find(event);
  return found == events_.end() ? nullptr : found->second;
}

}  // namespace ws::dispatch
