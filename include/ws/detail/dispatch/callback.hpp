// A callback of any shape behind one interface.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ws/detail/dispatch/signature.hpp"
#include "ws/message.hpp"
#include "ws/reply.hpp"

namespace ws::transport {
class Connection;
}

namespace ws::dispatch {

using ConnectionPtr = std::shared_ptr<transport::Connection>;
using MessagePtr = std::shared_ptr<const Message>;

// What a callback gave back: nothing, the reply, or a refusal.
using Result = std::variant<std::monostate, Json, Failure>;
// A result, or the rest of a coroutine that will have one.
using Outcome = std::variant<Result, boost::asio::awaitable<Result>>;

// Interface of what hangs on an event. Invoke passes on what the callback throws.
class Callback {
 public:
  virtual ~Callback() = default;
  // `self` is this callback: a coroutine keeps it.
  virtual Outcome Invoke(std::shared_ptr<Callback> self, ConnectionPtr connection, MessagePtr message) = 0;
  // Whether it is a coroutine.
  virtual bool Awaits() const noexcept = 0;
};
using CallbackPtr = std::shared_ptr<Callback>;

enum class Shape { PeerAndData, Data, Peer, Nothing, PeerAndMessage, None };

// Whether a parameter takes Wanted as it is, and not by some conversion of a Json.
template <class Parameter, class Wanted>
inline constexpr bool takes = std::same_as<std::remove_cvref_t<Parameter>, Wanted>;

// The shape of F, probed in the documented order; None where F is of no known shape.
template <class F, class Peer>
consteval Shape ShapeOf() {
  if constexpr (Signature<F>::known) {
    using P = typename Signature<F>::Parameters;
    if constexpr (P::size == 0) {
      return Shape::Nothing;
    } else if constexpr (P::size == 1) {
      if constexpr (takes<typename P::template At<0>, Json> && std::invocable<F&, const Json&>) return Shape::Data;
      if constexpr (takes<typename P::template At<0>, Peer> && std::invocable<F&, Peer&>) return Shape::Peer;
    } else if constexpr (P::size == 2 && takes<typename P::template At<0>, Peer>) {
      using Second = typename P::template At<1>;
      if constexpr (takes<Second, Json> && std::invocable<F&, Peer&, const Json&>) return Shape::PeerAndData;
      if constexpr (takes<Second, Message> && std::invocable<F&, Peer&, const Message&>) return Shape::PeerAndMessage;
    }
    return Shape::None;
  } else {
    if constexpr (std::invocable<F&, Peer&, const Json&>) return Shape::PeerAndData;
    if constexpr (std::invocable<F&, const Json&>) return Shape::Data;
    if constexpr (std::invocable<F&, Peer&>) return Shape::Peer;
    if constexpr (std::invocable<F&>) return Shape::Nothing;
    if constexpr (std::invocable<F&, Peer&, const Message&>) return Shape::PeerAndMessage;
    return Shape::None;
  }
}

template <Shape shape, class F, class Peer>
decltype(auto) Call(F& function, Peer& peer, const Message& message) {
  if constexpr (shape == Shape::PeerAndData) return function(peer, message.Data());
  if constexpr (shape == Shape::Data) return function(message.Data());
  if constexpr (shape == Shape::Peer) return function(peer);
  if constexpr (shape == Shape::Nothing) return function();
  if constexpr (shape == Shape::PeerAndMessage) return function(peer, message);
}

// Turns what a callback returned into a Result.
template <class Value>
Result ToResult(Value&& value) {
  if constexpr (std::same_as<std::remove_cvref_t<Value>, Result>) {
    return std::forward<Value>(value);
  } else if constexpr (std::same_as<std::remove_cvref_t<Value>, Failure>) {
    return Result(std::in_place_type<Failure>, std::forward<Value>(value));
  } else if constexpr (std::same_as<std::remove_cvref_t<Value>, std::optional<Failure>>) {
    return value ? ToResult(*std::forward<Value>(value)) : Result();
  } else {
    static_assert(std::constructible_from<Json, Value>,
                  "a callback returns nothing, a Failure, or what nlohmann/json can write: give the type a to_json");
    return Result(std::in_place_type<Json>, std::forward<Value>(value));
  }
}

template <class T>
struct AwaitedValue : std::false_type {};
template <class T>
struct AwaitedValue<boost::asio::awaitable<T>> : std::true_type {
  using Value = T;
};

// F with its arguments bound by Invoker: `Invoker::Run(F&, Peer&, const Message&)` calls it.
template <class Peer, class F, class Invoker>
class CallbackOf final : public Callback {
 public:
  using Returned = decltype(Invoker::Run(std::declval<F&>(), std::declval<Peer&>(), std::declval<const Message&>()));

  explicit CallbackOf(F function) : function_(std::move(function)) {}

  bool Awaits() const noexcept override { return AwaitedValue<Returned>::value; }

  Outcome Invoke(std::shared_ptr<Callback> self, ConnectionPtr connection, MessagePtr message) override {
    if constexpr (AwaitedValue<Returned>::value) {
      return Outcome(std::in_place_index<1>, Await(std::move(self), Peer(std::move(connection)), std::move(message)));
    } else {
      Peer peer(std::move(connection));
      if constexpr (std::is_void_v<Returned>) {
        Invoker::Run(function_, peer, *message);
        return Outcome(std::in_place_index<0>);
      } else {
        return Outcome(std::in_place_index<0>, ToResult(Invoker::Run(function_, peer, *message)));
      }
    }
  }

 private:
  // The frame owns all that the user's coroutine refers to.
  static boost::asio::awaitable<Result> Await(std::shared_ptr<Callback> self, Peer peer, MessagePtr message) {
    F& function = static_cast<CallbackOf&>(*self).function_;
    if constexpr (std::is_void_v<typename AwaitedValue<Returned>::Value>) {
      co_await Invoker::Run(function, peer, *message);
      co_return Result();
    } else {
      co_return ToResult(co_await Invoker::Run(function, peer, *message));
    }
  }

  F function_;
};

template <Shape shape>
struct ShapeInvoker {
  template <class F, class Peer>
  static decltype(auto) Run(F& function, Peer& peer, const Message& message) {
    return Call<shape>(function, peer, message);
  }
};

// Whether a gate's callback returns what a gate can say.
template <class Returned>
inline constexpr bool judges =
    std::is_void_v<Returned> || std::same_as<Returned, Failure> || std::same_as<Returned, std::optional<Failure>>;
template <class Returned>
inline constexpr bool judges<boost::asio::awaitable<Returned>> = judges<Returned>;

// The callback of On, OnAny and OnMessage.
template <class Peer, class F>
CallbackPtr MakeCallback(F&& function) {
  using Stored = std::decay_t<F>;
  constexpr Shape shape = ShapeOf<Stored, Peer>();
  static_assert(shape != Shape::None,
                "On takes (Handler&, const Json&), (const Json&), (Handler&), () or (Handler&, const ws::Message&); "
                "a callback with a type of its own belongs to OnTyped");
  if constexpr (shape != Shape::None) {
    return std::make_shared<CallbackOf<Peer, Stored, ShapeInvoker<shape>>>(std::forward<F>(function));
  } else {
    return nullptr;
  }
}

// The callback of Use.
template <class Peer, class F>
CallbackPtr MakeGate(F&& function) {
  using Stored = std::decay_t<F>;
  constexpr Shape shape = ShapeOf<Stored, Peer>();
  if constexpr (shape != Shape::None) {
    static_assert(judges<typename CallbackOf<Peer, Stored, ShapeInvoker<shape>>::Returned>,
                  "Use takes a callback that returns std::optional<ws::Failure>, nothing, or an awaitable of these");
  }
  return MakeCallback<Peer>(std::forward<F>(function));
}

}  // namespace ws::dispatch
