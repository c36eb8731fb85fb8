// Workarounds for Asio and nlohmann/json, each with the version at which it can go.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace ws::connection {

// The completion token of the library's own coroutines: errors are values, not exceptions.
inline constexpr auto as_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// An any_completion_handler that can be assigned. Before Boost 1.82 its own move assignment wraps the handler in
// itself; swap is right in every version.
template <class Signature>
class AnyHandler {
 public:
  AnyHandler() = default;
  template <class Handler>
  explicit AnyHandler(Handler&& handler) : handler_(std::forward<Handler>(handler)) {}
  AnyHandler(AnyHandler&&) noexcept = default;
  AnyHandler& operator=(AnyHandler&& other) noexcept {
    handler_.swap(other.handler_);
    return *this;
  }

  void swap(AnyHandler& other) noexcept { handler_.swap(other.handler_); }
  explicit operator bool() const noexcept { return static_cast<bool>(handler_); }
  boost::asio::any_completion_handler<Signature>& Get() noexcept { return handler_; }

 private:
  boost::asio::any_completion_handler<Signature> handler_;
};

// Workarounds in other files:
// - asio#1332 (fixed in Asio 1.28.2, Boost 1.83): cancelling a co_spawn on another executor is not thread-safe.
//   api/handler.cpp and transport/server_handshake.cpp cancel without it.
// - GCC 12 destroys temporaries of a co_await expression twice (fixed in GCC 13). Lambdas and braced values in such an
//   expression are named first. tests/structure checks this.
// - Beast before Boost 1.84 uses std::ostream without including it, so <ostream> is included before Beast's headers.
// - The destructor of an nlohmann/json tree allocates. dispatch/message.cpp destroys trees without allocating.

}  // namespace ws::connection
