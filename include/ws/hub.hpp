// A set of connections with groups, and callbacks that they share.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/event_callbacks.hpp"
#include "ws/handler.hpp"
#include "ws/stats.hpp"
#include "ws/target.hpp"

namespace ws {

namespace dispatch {
class EventTable;
}
namespace hub {
class Registry;
}

// A set of connections. A Server has a hub of all its connections; a Handler joins the hub that Options::hub names. A
// connection is a member from its opening to the end of its transport, and may be in any number of groups
// (Handler::Join). A hub is a handle, cheap to copy: copies refer to the same hub. Every verb may be called from any
// thread.
//
// The verbs that register callbacks (On, OnTyped, Once, OnAny, OnMessage, Use, Off) are in ws/event_callbacks.hpp. A
// hub's callbacks serve all its connections. If a connection has callbacks of its own for an event, those of the hub
// are not called for it, except for `connect` and `disconnect`: the hub gets `connect` first and `disconnect` last. A
// `connect` callback is called for the connections that open after its registration. The callbacks live as long as the
// hub, so they must not hold a copy of it.
class Hub : public EventCallbacks<Hub> {
 public:
  Hub();
  // For the library itself.
  explicit Hub(std::shared_ptr<hub::Registry> registry) noexcept : registry_(std::move(registry)) {}
  // Makes the value of Options::hub.
  operator std::shared_ptr<connection::ConnectionScope>() const;

  // All connections of the hub.
  Target Everybody() const;
  // The members of a group.
  Target To(std::string_view group) const;
  // All connections of the hub without this one, or without the members of a group.
  Target Except(const Handler& socket) const { return Everybody().Except(socket); }
  Target Except(std::string_view group) const { return Everybody().Except(group); }
  Target Except(const char* group) const { return Everybody().Except(group); }
  // Emits to all connections of the hub. See Target::Emit.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr) const {
    return Everybody().Emit(event, data);
  }
  BroadcastResult Broadcast(std::string_view event, JsonObject data) const { return Everybody().Emit(event, data); }

  // The number of connections.
  std::size_t Size() const { return Everybody().Count(); }
  // The names of the groups that have members, sorted.
  std::vector<std::string> Groups() const;

  // True if both handles refer to the same hub.
  friend bool operator==(const Hub& a, const Hub& b) noexcept { return a.registry_ == b.registry_; }

 private:
  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  dispatch::EventTable& Table() noexcept;

  friend class EventCallbacks<Hub>;
  friend class Server;

  std::shared_ptr<hub::Registry> registry_;
};

}  // namespace ws
