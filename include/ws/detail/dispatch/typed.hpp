// Callbacks that take data as a C++ type.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "ws/detail/dispatch/callback.hpp"

namespace ws::dispatch {

// Thrown if data does not fit the type. The dispatcher catches it and replies with `invalid_payload`.
struct InvalidPayload {
  std::string path;      // JSON pointer to the place of the error
  std::string expected;  // for example "must be of type number"
};

// Finds the place in `data` that does not fit. `attempt` converts a Json and returns nlohmann's error text, or nothing
// on success. Calls it with at most 64 altered copies.
InvalidPayload LocateMismatch(const Json& data, const std::function<std::optional<std::string>(const Json&)>& attempt);

// True if nlohmann/json can read T.
template <class T>
inline constexpr bool is_readable = requires(const Json& data) {
  data.get<T>();
};

// Converts data to T. Null becomes a default-constructed T if T has a default constructor. Throws InvalidPayload.
template <class T>
T ReadPayload(const Json& data) {
  if constexpr (std::default_initializable<T>) {
    if (data.is_null()) return T();
  }
  try {
    return data.get<T>();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    throw LocateMismatch(data, [](const Json& altered) -> std::optional<std::string> {
      try {
        static_cast<void>(altered.get<T>());
        return std::nullopt;
      } catch (const std::exception& failure) {
        return failure.what();
      }
    });
  }
}

template <class T, bool with_socket>
struct TypedInvoker {
  static constexpr bool uses_data = true;

  template <class F, class Socket>
  static decltype(auto) Run(F& function, Socket& socket, const Message& message) {
    using Returned = decltype(Apply(function, socket, std::declval<const T&>()));
    if constexpr (AwaitedValue<Returned>::value) {
      return Await<Returned>(function, socket, ReadPayload<T>(message.Data()));
    } else {
      const T payload = ReadPayload<T>(message.Data());
      return Apply(function, socket, payload);
    }
  }

 private:
  template <class F, class Socket>
  static decltype(auto) Apply(F& function, Socket& socket, const T& payload) {
    if constexpr (with_socket) {
      return function(socket, payload);
    } else {
      return function(payload);
    }
  }

  // This coroutine frame holds the payload until the user's coroutine has returned.
  template <class Returned, class F, class Socket>
  static Returned Await(F& function, Socket& socket, T payload) {
    co_return co_await Apply(function, socket, payload);
  }
};

// The type that a callback of OnTyped takes: its last parameter. Void if the callback is generic, or takes neither one
// nor two parameters.
template <class F>
struct LastParameter : std::type_identity<void> {};
template <class F>
requires(Signature<F>::known &&
         (Signature<F>::Parameters::size == 1 || Signature<F>::Parameters::size == 2)) struct LastParameter<F>
    : std::remove_cvref<typename Signature<F>::Parameters::template At<Signature<F>::Parameters::size - 1>> {
};

// Fails to compile, with a text that says what to write, if F is no callback for OnTyped without a named type.
template <class F>
constexpr void RejectUntyped() {
  static_assert(Signature<F>::known,
                "the callback of OnTyped must be a function or a lambda (const T&) or "
                "(ws::Handler&, const T&); for a generic one name the type: OnTyped<T>(event, callback)");
  if constexpr (Signature<F>::known) {
    static_assert(!Signature<F>::known, "the callback of OnTyped must take (const T&) or (ws::Handler&, const T&)");
  }
}

// True if F can be called with (Socket&, const T&), or with (const T&) only.
template <class T, class Socket, class F>
consteval Shape TypedShape() {
  if constexpr (std::invocable<F&, Socket&, const T&>) {
    return Shape::SocketAndData;
  } else if constexpr (std::invocable<F&, const T&>) {
    return Shape::Data;
  } else {
    return Shape::None;
  }
}

// Makes the callback of OnTyped. T is void if the callback's own parameter names the type.
template <class T, class Socket, class F>
CallbackPtr MakeTypedCallback(F&& function) {
  using Stored = std::decay_t<F>;
  if constexpr (std::is_void_v<T>) {
    if constexpr (std::is_void_v<typename LastParameter<Stored>::type>) {
      RejectUntyped<Stored>();
      return nullptr;
    } else {
      return MakeTypedCallback<typename LastParameter<Stored>::type, Socket>(std::forward<F>(function));
    }
  } else if constexpr (std::same_as<T, Socket> || TypedShape<T, Socket, Stored>() == Shape::None) {
    static_assert(!std::is_same_v<Stored, Stored>,
                  "the callback of OnTyped must take (const T&) or (ws::Handler&, const T&)");
    return nullptr;
  } else if constexpr (!is_readable<T>) {
    static_assert(is_readable<T>,
                  "OnTyped needs a type that nlohmann/json can read: give it a from_json, for example by "
                  "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Type, members...)");
    return nullptr;
  } else {
    using Typed = CallbackOf<Socket, Stored, TypedInvoker<T, TypedShape<T, Socket, Stored>() == Shape::SocketAndData>>;
    static_assert(is_result<typename Typed::Returned>,
                  "the callback must return nothing, a value that nlohmann/json can write (give its type a to_json), "
                  "ws::Failure, ws::Result, or an awaitable of one of these");
    return std::make_shared<Typed>(std::forward<F>(function));
  }
}

}  // namespace ws::dispatch
