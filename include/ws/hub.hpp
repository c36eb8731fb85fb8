// All connections of a process, and their groups.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/typed.hpp"
#include "ws/handler.hpp"
#include "ws/stats.hpp"
#include "ws/target.hpp"

namespace ws {

// A connection is a member from its opening to the end of its transport, where Options::hub names the hub; a Server
// has one for all its routes. It may be in any number of named groups (Handler::Join). A cheap, copyable handle:
// copies mean the same hub. Every verb may be called from any thread.
class Hub {
 public:
  Hub();
  explicit Hub(std::shared_ptr<hub::Registry> registry) noexcept : registry_(std::move(registry)) {}
  // For Options::hub.
  operator std::shared_ptr<transport::Home>() const;

  // Callbacks that every member hears, registered once instead of on each connection, of the shapes of Handler's
  // verbs of these names. For an event that a connection has callbacks of its own for, these stand back; of `connect`
  // (of connections that open from then on) the hub hears before the connection, of `disconnect` after it. They live as
  // long as the hub: what they capture must not hold it.
  template <class Callback>
  CallbackId On(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), order);
  }
  template <class T = void, class Callback>
  CallbackId OnTyped(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeTypedCallback<T, Handler>(std::forward<Callback>(callback)), order);
  }
  template <class Callback>
  CallbackId OnAny(Callback&& callback) {
    return RegisterAny(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  CallbackId OnMessage(Callback&& callback) {
    return RegisterRaw(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // As Handler::Use; the hub's are asked first.
  template <class Callback>
  CallbackId Use(Callback&& callback) {
    return RegisterGate(dispatch::MakeGate<Handler>(std::forward<Callback>(callback)));
  }
  void Off(std::string_view event);
  void Off(CallbackId token);

  Target Everybody() const;
  Target To(std::string_view group) const;
  // Everybody but.
  Target Except(const Handler& member) const { return Everybody().Except(member); }
  Target Except(std::string_view group) const { return Everybody().Except(group); }
  Target Except(const char* group) const { return Everybody().Except(group); }
  // Emits to everybody.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr) const {
    return Everybody().Emit(event, data);
  }

  // Members.
  std::size_t Size() const { return Everybody().Count(); }
  // The names of the groups that have members, sorted.
  std::vector<std::string> Groups() const;

  friend bool operator==(const Hub&, const Hub&) = default;

 private:
  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order);
  CallbackId RegisterAny(dispatch::CallbackPtr callback);
  CallbackId RegisterRaw(dispatch::CallbackPtr callback);
  CallbackId RegisterGate(dispatch::CallbackPtr callback);

  std::shared_ptr<hub::Registry> registry_;
};

}  // namespace ws
