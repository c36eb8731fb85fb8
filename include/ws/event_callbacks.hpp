// The verbs that register callbacks, for Handler, Hub, Server and Client.
#pragma once

#include <string_view>
#include <utility>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/typed.hpp"

namespace ws {

class Handler;

// The verbs that register callbacks. A Handler's callbacks serve one connection; those of a Server or Hub serve all of
// its connections; those of a Client serve each of its connections in turn. May be called from any thread.
//
// A callback is any callable, also a move-only one, with one of these parameter lists:
//
//   (ws::Handler& socket, const ws::Json& data)
//   (const ws::Json& data)
//   (ws::Handler& socket)
//   ()
//   (ws::Handler& socket, const ws::Message& message)
//
// A generic lambda with two parameters, `[](auto& socket, const auto& data)`, gets the Handler and the data; in OnAny,
// OnMessage and Use it gets the Handler and the Message. A generic lambda with one parameter gets the data.
//
// A callback returns nothing, a value that converts to Json, a Failure, a Result, or a boost::asio::awaitable of one of
// these. The value or the Failure is the reply if the peer asked for one. An exception is logged, and the peer gets the
// error `internal`.
//
// Callbacks run on a thread pool, or on the I/O thread if Options::callback_thread says so. A connection's callbacks
// run one message at a time. Several callbacks on one event run in the order of registration. An id is CallbackId::None
// if nothing was registered because the owner has ended.
template <class Owner>
class EventCallbacks {
 public:
  // Calls `callback` for each message with this event name, in the order of arrival. The library itself raises
  // `connect` after the connection has opened, and `disconnect`, the last event of a connection, after it has ended.
  template <class Callback>
  CallbackId On(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Self().Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), order, false);
  }

  // Like On, but for one message only. On a Server, Hub or Client that is one message of all its connections.
  template <class Callback>
  CallbackId Once(std::string_view event, Callback&& callback) {
    return Self().Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), Order::Sequential,
                           true);
  }

  // Like On, for a callback (const T&) or (ws::Handler&, const T&), with any T that nlohmann/json can read. If the data
  // does not fit T, the callback is not called, and the peer gets the error `invalid_payload` with the place. A message
  // without data is a default-constructed T. A generic callback needs the type: OnTyped<T>(event, callback).
  template <class T = void, class Callback>
  CallbackId OnTyped(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Self().Register(event, dispatch::MakeTypedCallback<T, Handler>(std::forward<Callback>(callback)), order,
                           false);
  }

  // Calls `callback` for every event of the peer, after the callbacks of the event itself.
  template <class Callback>
  CallbackId OnAny(Callback&& callback) {
    return AddAny(
        dispatch::MakeCallback<Handler, dispatch::GenericArgument::Message>(std::forward<Callback>(callback)));
  }

  // Calls `callback` with each data message as it was received, instead of events. Meant for other protocols: nothing
  // is parsed, and Message::Payload is the message. Replaces an earlier one.
  template <class Callback>
  CallbackId OnMessage(Callback&& callback) {
    return SetRaw(
        dispatch::MakeCallback<Handler, dispatch::GenericArgument::Message>(std::forward<Callback>(callback)));
  }

  // Adds middleware: calls `callback` for every event of the peer before the callbacks of the event. It returns
  // nothing, which lets the event pass, std::optional<Failure>, Failure, or an awaitable of one of these. If it returns
  // a Failure or throws, the peer gets that error, and the event is not handled. Middleware runs in the order of
  // registration, that of the Server or Hub before that of the Handler.
  template <class Callback>
  CallbackId Use(Callback&& callback) {
    return AddMiddleware(dispatch::MakeMiddleware<Handler>(std::forward<Callback>(callback)));
  }

  // Removes all callbacks of an event. A callback that is running is not interrupted.
  void Off(std::string_view event);
  // Removes one callback, of whichever verb. A callback that is running is not interrupted.
  void Off(CallbackId id);

 protected:
  EventCallbacks() = default;
  EventCallbacks(const EventCallbacks&) = default;
  EventCallbacks& operator=(const EventCallbacks&) = default;
  ~EventCallbacks() = default;

 private:
  Owner& Self() noexcept { return static_cast<Owner&>(*this); }

  CallbackId AddAny(dispatch::CallbackPtr callback);
  CallbackId AddMiddleware(dispatch::CallbackPtr callback);
  CallbackId SetRaw(dispatch::CallbackPtr callback);
};

}  // namespace ws
