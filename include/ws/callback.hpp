// How callbacks are registered, and the result of a callback.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "ws/json.hpp"

namespace ws {

// Identifies one registered callback, for Off. A default-constructed id identifies no callback.
enum class CallbackId : std::uint64_t { None = 0 };

// The order in which a callback runs relative to the other messages of its connection.
enum class Order {
  // One message at a time, in the order of arrival. The next message waits until the callback has returned.
  Sequential,
  // At once, in parallel with other callbacks. The message counts against the inbound bounds until the callback has
  // returned.
  Concurrent
};

// An error reply of the application. Both texts are sent to the peer. The code is for programs, in letters and
// underscores like the library's own codes ("not_found"); the message is for people.
struct Failure {
  std::string code = {};
  std::string message = {};
};

// Makes the Failure with the code "unauthorized".
inline Failure Unauthorized(std::string message = {}) {
  return {"unauthorized", std::move(message)};
}

// The result of a callback that either replies or fails:
//
//   socket.On("find", [](const ws::Json& name) -> ws::Result {
//     if (!rooms.contains(name)) return ws::Failure{"not_found", "no such room"};
//     return 42;
//   });
//
// A Result holds a value, a Failure, or nothing. It is made implicitly from a Failure and from each type that converts
// to Json. `return {{"key", value}};` is an object, `return {};` is nothing.
class Result {
 public:
  Result() noexcept = default;
  Result(Failure failure) noexcept : state_(std::in_place_type<Failure>, std::move(failure)) {}
  // Holds nothing if there is no failure.
  Result(std::optional<Failure> failure) {
    if (failure) state_.emplace<Failure>(std::move(*failure));
  }
  Result(JsonObject members) : state_(std::in_place_type<Json>, JsonMember::MakeObject(members)) {}
  template <class Value>
  requires(!std::same_as<std::remove_cvref_t<Value>, Result> && !std::same_as<std::remove_cvref_t<Value>, Failure> &&
           !std::same_as<std::remove_cvref_t<Value>, std::optional<Failure>> && std::constructible_from<Json, Value>)
      Result(Value&& value)
      : state_(std::in_place_type<Json>, std::forward<Value>(value)) {}

  bool IsEmpty() const noexcept { return std::holds_alternative<std::monostate>(state_); }
  // The value; null pointer if there is none.
  Json* AsValue() noexcept { return std::get_if<Json>(&state_); }
  const Json* AsValue() const noexcept { return std::get_if<Json>(&state_); }
  // The Failure; null pointer if there is none.
  Failure* AsFailure() noexcept { return std::get_if<Failure>(&state_); }
  const Failure* AsFailure() const noexcept { return std::get_if<Failure>(&state_); }

 private:
  std::variant<std::monostate, Json, Failure> state_;
};

}  // namespace ws
