// Callbacks that take a type of their own.
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

// Thrown towards the dispatcher, which answers `invalid_payload`; never shown to the user's code.
struct InvalidPayload {
  std::string path;      // JSON pointer to the place
  std::string expected;  // "must be a number"
};

// Finds where `data` does not fit: `attempt` gives nlohmann's message of the failure, or nothing on success.
// Tries at most 64 altered copies.
InvalidPayload LocateMismatch(const Json& data, const std::function<std::optional<std::string>(const Json&)>& attempt);

// The value of data as T; null is T's default where it has one. Throws InvalidPayload.
template <class T>
T ReadPayload(const Json& data) {
  static_assert(
      requires { data.get<T>(); },
      "nlohmann/json cannot read this type: give it a from_json, as by NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE");
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

template <class T, bool with_peer>
struct TypedInvoker {
  template <class F, class Peer>
  static decltype(auto) Run(F& function, Peer& peer, const Message& message) {
    using Returned = decltype(Apply(function, peer, std::declval<const T&>()));
    if constexpr (AwaitedValue<Returned>::value) {
      return Await<Returned>(function, peer, ReadPayload<T>(message.Data()));
    } else {
      const T payload = ReadPayload<T>(message.Data());
      return Apply(function, peer, payload);
    }
  }

 private:
  template <class F, class Peer>
  static decltype(auto) Apply(F& function, Peer& peer, const T& payload) {
    if constexpr (with_peer) {
      return function(peer, payload);
    } else {
      return function(payload);
    }
  }

  // The payload lives in this frame until the user's coroutine has returned.
  template <class Returned, class F, class Peer>
  static Returned Await(F& function, Peer& peer, T payload) {
    co_return co_await Apply(function, peer, payload);
  }
};

// The callback of OnTyped; T is void where the callback's own parameter tells it.
template <class T, class Peer, class F>
CallbackPtr MakeTypedCallback(F&& function) {
  using Stored = std::decay_t<F>;
  if constexpr (std::is_void_v<T>) {
    static_assert(Signature<Stored>::known, "a generic callback names its type: OnTyped<T>(event, callback)");
    using P = typename Signature<Stored>::Parameters;
    static_assert(P::size == 1 || P::size == 2, "OnTyped takes (const T&) or (Handler&, const T&)");
    using Last = std::remove_cvref_t<typename P::template At<P::size - 1>>;
    return MakeTypedCallback<Last, Peer>(std::forward<F>(function));
  } else {
    constexpr bool with_peer = std::invocable<Stored&, Peer&, const T&>;
    static_assert(with_peer || std::invocable<Stored&, const T&>, "OnTyped takes (const T&) or (Handler&, const T&)");
    return std::make_shared<CallbackOf<Peer, Stored, TypedInvoker<T, with_peer>>>(std::forward<F>(function));
  }
}

}  // namespace ws::dispatch
