// Callbacks of requests.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace ws::dispatch {

// False for the timeout of `Request(event, callback, timeout)`, which must not count as the callback of
// `Request(event, data, callback)`.
template <class T>
concept IsNoDuration = !std::convertible_to<T, std::chrono::milliseconds>;

// Stores a callback of Request, also a move-only one. Value is Reply, or the replies of a group.
template <class Value, class F>
std::function<void(Value)> MakeReplyCallback(F&& function) {
  using Stored = std::decay_t<F>;
  if constexpr (std::invocable<Stored&, Value>) {
    auto stored = std::make_shared<Stored>(std::forward<F>(function));
    return [stored](Value value) { (*stored)(std::move(value)); };
  } else {
    static_assert(std::invocable<Stored&, Value>,
                  "the last argument of Request must be a callback: (const ws::Reply& reply), or for a ws::Target "
                  "(const std::vector<ws::GroupReply>& replies); without a callback use RequestAsync");
    return {};
  }
}

}  // namespace ws::dispatch
