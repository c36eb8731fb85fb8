// The callbacks that a message runs.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "connection/connection_observer.hpp"
#include "ws/detail/dispatch/mailbox_owner.hpp"

namespace ws::connection {

// Looks callbacks up in the connection's own table and in the table that it shares with others of its scope. For an
// event, own callbacks replace shared ones. Thread-safe.
class CallbackLookup {
 public:
  // The scope may be null and must outlive this object.
  explicit CallbackLookup(ConnectionScope* scope) noexcept
      : shared_(scope != nullptr ? &scope->Callbacks() : nullptr) {}

  dispatch::EventTable& Own() noexcept { return own_; }
  bool HasOwn() const noexcept { return !own_.IsEmpty(); }

  // Middleware first (the shared before the own), then the event's callbacks, then OnAny.
  dispatch::CallbackList FindEvent(std::string_view event) const {
    dispatch::CallbackList found;
    auto callbacks = own_.Find(event);
    if (shared_ != nullptr) found.AddMiddleware(shared_->Middleware());
    found.AddMiddleware(own_.Middleware());
    if (!callbacks && shared_ != nullptr) callbacks = shared_->Find(event);
    found.Add(std::move(callbacks));
    found.Add(own_.Any());
    if (shared_ != nullptr) found.Add(shared_->Any());
    return found;
  }
  // The callback of OnMessage, or null.
  std::shared_ptr<const dispatch::Registrations> FindRaw() const {
    auto own = own_.Raw();
    return own || shared_ == nullptr ? own : shared_->Raw();
  }
  // The shared callbacks run before the own ones for `connect`, and after them for `disconnect`.
  dispatch::CallbackList FindLifecycle(dispatch::EventKind kind) const {
    const bool connects = kind == dispatch::EventKind::Connect;
    const std::string_view event = connects ? "connect" : "disconnect";
    dispatch::CallbackList found;
    if (shared_ != nullptr && connects) found.Add(shared_->Find(event));
    found.Add(own_.Find(event));
    if (shared_ != nullptr && !connects) found.Add(shared_->Find(event));
    return found;
  }
  void RemoveOnce(const dispatch::Registration& registration) {
    (registration.shared ? *shared_ : own_).Remove(registration.id);
  }

 private:
  dispatch::EventTable own_;
  dispatch::EventTable* const shared_;
};

}  // namespace ws::connection
