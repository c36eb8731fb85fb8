// A callback of any shape behind one interface.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/signature.hpp"
#include "ws/message.hpp"

namespace ws::connection {
class Connection;
}

namespace ws::dispatch {

using ConnectionPtr = std::shared_ptr<connection::Connection>;
using MessagePtr = std::shared_ptr<const Message>;

// The result of a callback, or the coroutine that produces it.
using Outcome = std::variant<Result, boost::asio::awaitable<Result>>;

// Interface of a registered callback.
class Callback {
 public:
  virtual ~Callback() = default;
  // Passes on the exceptions of the callback. `self` is this callback: a coroutine keeps it alive.
  virtual Outcome Invoke(std::shared_ptr<Callback> self, ConnectionPtr connection, MessagePtr message) = 0;
  virtual bool IsCoroutine() const noexcept = 0;
  // True if the callback takes the message's data as a Json tree.
  virtual bool UsesData() const noexcept = 0;
};
using CallbackPtr = std::shared_ptr<Callback>;

// The parameters of a callback. None: no supported combination.
enum class Shape { SocketAndData, Data, Socket, Nothing, SocketAndMessage, None };

// The second argument of a generic callback with two parameters.
enum class GenericArgument { Data, Message };

// True if the parameter has exactly the type Wanted. A Json converts to almost every type, so "is convertible" would
// accept callbacks that fail later.
template <class Parameter, class Wanted>
inline constexpr bool takes = std::same_as<std::remove_cvref_t<Parameter>, Wanted>;

// The shape of a callback with one call operator, from its parameter types P.
template <class F, class Socket, class P>
consteval Shape KnownShape() {
  if constexpr (P::size == 0) {
    return Shape::Nothing;
  } else if constexpr (P::size == 1) {
    using First = typename P::template At<0>;
    if constexpr (takes<First, Json> && std::invocable<F&, const Json&>) return Shape::Data;
    if constexpr (takes<First, Socket> && std::invocable<F&, Socket&>) return Shape::Socket;
    return Shape::None;
  } else if constexpr (P::size == 2) {
    using Second = typename P::template At<1>;
    if constexpr (!takes<typename P::template At<0>, Socket>) return Shape::None;
    if constexpr (takes<Second, Json> && std::invocable<F&, Socket&, const Json&>) return Shape::SocketAndData;
    if constexpr (takes<Second, Message> && std::invocable<F&, Socket&, const Message&>) return Shape::SocketAndMessage;
    return Shape::None;
  } else {
    return Shape::None;
  }
}

// The shape of a generic callback: the first one that it can be called with. Each probe must be a branch of its own,
// because a probe instantiates the body of a generic lambda, and the body may not compile for arguments that it never
// gets.
template <class F, class Socket>
consteval Shape GenericShape() {
  if constexpr (std::invocable<F&, Socket&, const Json&>) {
    return Shape::SocketAndData;
  } else if constexpr (std::invocable<F&, const Json&>) {
    return Shape::Data;
  } else if constexpr (std::invocable<F&, Socket&>) {
    return Shape::Socket;
  } else if constexpr (std::invocable<F&>) {
    return Shape::Nothing;
  } else if constexpr (std::invocable<F&, Socket&, const Message&>) {
    return Shape::SocketAndMessage;
  } else {
    return Shape::None;
  }
}
template <class F, class Socket>
consteval Shape GenericMessageShape() {
  if constexpr (std::invocable<F&, Socket&, const Message&>) {
    return Shape::SocketAndMessage;
  } else {
    return GenericShape<F, Socket>();
  }
}

template <class F, class Socket, GenericArgument argument = GenericArgument::Data>
consteval Shape ShapeOf() {
  if constexpr (Signature<F>::known) {
    return KnownShape<F, Socket, typename Signature<F>::Parameters>();
  } else if constexpr (argument == GenericArgument::Message) {
    return GenericMessageShape<F, Socket>();
  } else {
    return GenericShape<F, Socket>();
  }
}

template <class T>
struct AwaitedValue : std::false_type {
  using Value = T;
};
template <class T>
struct AwaitedValue<boost::asio::awaitable<T>> : std::true_type {
  using Value = T;
};

// True if a callback may return this type, or an awaitable of it.
template <class Returned>
inline constexpr bool is_result = std::is_void_v<typename AwaitedValue<Returned>::Value> ||
                                  std::constructible_from<Result, typename AwaitedValue<Returned>::Value>;

// True if a middleware callback may return this type, or an awaitable of it.
template <class Returned>
inline constexpr bool is_decision = std::is_void_v<typename AwaitedValue<Returned>::Value> ||
                                    std::same_as<typename AwaitedValue<Returned>::Value, Failure> ||
                                    std::same_as<typename AwaitedValue<Returned>::Value, std::optional<Failure>>;

// Stores the callable F, which `Invoker::Run(F&, Socket&, const Message&)` calls.
template <class Socket, class F, class Invoker>
class CallbackOf final : public Callback {
 public:
  using Returned = decltype(Invoker::Run(std::declval<F&>(), std::declval<Socket&>(), std::declval<const Message&>()));

  explicit CallbackOf(F function) : function_(std::move(function)) {}

  bool IsCoroutine() const noexcept override { return AwaitedValue<Returned>::value; }
  bool UsesData() const noexcept override { return Invoker::uses_data; }

  Outcome Invoke(std::shared_ptr<Callback> self, ConnectionPtr connection, MessagePtr message) override {
    if constexpr (AwaitedValue<Returned>::value) {
      return Outcome(std::in_place_index<1>, Await(std::move(self), Socket(std::move(connection)), std::move(message)));
    } else {
      Socket socket(std::move(connection));
      if constexpr (std::is_void_v<Returned>) {
        Invoker::Run(function_, socket, *message);
        return Outcome(std::in_place_index<0>);
      } else {
        return Outcome(std::in_place_index<0>, Invoker::Run(function_, socket, *message));
      }
    }
  }

 private:
  // The coroutine frame owns everything that the user's coroutine refers to.
  static boost::asio::awaitable<Result> Await(std::shared_ptr<Callback> self, Socket socket, MessagePtr message) {
    F& function = static_cast<CallbackOf&>(*self).function_;
    if constexpr (std::is_void_v<typename AwaitedValue<Returned>::Value>) {
      co_await Invoker::Run(function, socket, *message);
      co_return Result();
    } else {
      co_return Result(co_await Invoker::Run(function, socket, *message));
    }
  }

  F function_;
};

template <Shape shape>
struct ShapeInvoker {
  static constexpr bool uses_data = shape == Shape::SocketAndData || shape == Shape::Data;

  template <class F, class Socket>
  static decltype(auto) Run(F& function, Socket& socket, const Message& message) {
    if constexpr (shape == Shape::SocketAndData) return function(socket, message.Data());
    if constexpr (shape == Shape::Data) return function(message.Data());
    if constexpr (shape == Shape::Socket) return function(socket);
    if constexpr (shape == Shape::Nothing) return function();
    if constexpr (shape == Shape::SocketAndMessage) return function(socket, message);
  }
};

// True if a parameter would let the callback change the message, which all callbacks of an event share.
template <class F>
consteval bool TakesMutable() {
  if constexpr (Signature<F>::known) {
    using P = typename Signature<F>::Parameters;
    return P::template refers_to_mutable<Json> || P::template refers_to_mutable<Message>;
  } else {
    return false;
  }
}

// Fails to compile, with a text that says what to write, if F has no supported shape.
template <class F>
constexpr void RejectShape() {
  if constexpr (TakesMutable<F>()) {
    static_assert(!TakesMutable<F>(),
                  "callbacks share the message: take it as `const ws::Json& data`, without changing it");
  } else if constexpr (Signature<F>::known) {
    static_assert(!Signature<F>::known,
                  "the callback's parameters must be (ws::Handler& socket, const ws::Json& data), (const ws::Json&), "
                  "(ws::Handler&), () or (ws::Handler&, const ws::Message&); for a type of your own use OnTyped");
  } else {
    static_assert(Signature<F>::known,
                  "the callback must be a function or a lambda, for example "
                  "[](ws::Handler& socket, const ws::Json& data) { ... }");
  }
}

// Makes the callback of On, Once and OnDrain; with GenericArgument::Message that of OnAny and OnMessage.
template <class Socket, GenericArgument argument = GenericArgument::Data, class F>
CallbackPtr MakeCallback(F&& function) {
  using Stored = std::decay_t<F>;
  constexpr Shape shape = ShapeOf<Stored, Socket, argument>();
  if constexpr (shape == Shape::None) {
    RejectShape<Stored>();
    return nullptr;
  } else if constexpr (!is_result<typename CallbackOf<Socket, Stored, ShapeInvoker<shape>>::Returned>) {
    static_assert(is_result<typename CallbackOf<Socket, Stored, ShapeInvoker<shape>>::Returned>,
                  "the callback must return nothing, a value that nlohmann/json can write (give its type a to_json), "
                  "ws::Failure, ws::Result, or an awaitable of one of these");
    return nullptr;
  } else {
    return std::make_shared<CallbackOf<Socket, Stored, ShapeInvoker<shape>>>(std::forward<F>(function));
  }
}

// Makes the callback of Use.
template <class Socket, class F>
CallbackPtr MakeMiddleware(F&& function) {
  using Stored = std::decay_t<F>;
  constexpr Shape shape = ShapeOf<Stored, Socket, GenericArgument::Message>();
  if constexpr (shape != Shape::None) {
    static_assert(
        is_decision<typename CallbackOf<Socket, Stored, ShapeInvoker<shape>>::Returned>,
        "a callback of Use must return nothing, which lets the event pass, or std::optional<ws::Failure>, for "
        "example ws::Unauthorized(\"members only\"), or an awaitable of these");
  }
  return MakeCallback<Socket, GenericArgument::Message>(std::forward<F>(function));
}

}  // namespace ws::dispatch
