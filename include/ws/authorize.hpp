// The application's decision about a connection before the handshake succeeds.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "ws/http.hpp"
#include "ws/json.hpp"

namespace ws {

// The decision of an authorization callback: Accept with an identity, which Handler::Identity returns, or Refuse with
// an HTTP status and a body text for the client.
struct Authorization {
  static Authorization Accept(Json identity = nullptr) { return {true, std::move(identity), 0, {}}; }
  static Authorization Refuse(unsigned status = 401, std::string text = "Unauthorized") {
    return {false, nullptr, status, std::move(text)};
  }

  bool accepted = false;
  Json identity = nullptr;
  unsigned status = 401;
  std::string text = {};
};

// A callback (const HttpRequest&) that returns an Authorization, or a boost::asio::awaitable of one. It runs on the I/O
// threads, possibly on several at once, and must return within Options::handshake_timeout. One that is no coroutine
// must not block. If it throws, the client gets HTTP 500.
class Authorizer {
 public:
  Authorizer() = default;

  template <class Callback>
  requires(!std::same_as<std::remove_cvref_t<Callback>, Authorizer> && std::invocable<Callback&, const HttpRequest&>)
      Authorizer(Callback callback) {
    using Returned = std::invoke_result_t<Callback&, const HttpRequest&>;
    if constexpr (std::same_as<Returned, Authorization>) {
      plain_ = std::move(callback);
    } else {
      static_assert(std::same_as<Returned, boost::asio::awaitable<Authorization>>,
                    "authorize must return ws::Authorization or boost::asio::awaitable<ws::Authorization>");
      awaited_ = std::move(callback);
    }
  }

  // True if there is a callback.
  explicit operator bool() const noexcept { return plain_ || awaited_; }
  // The callback if it is no coroutine; else empty.
  const std::function<Authorization(const HttpRequest&)>& Plain() const noexcept { return plain_; }
  // The callback if it is a coroutine; else empty.
  const std::function<boost::asio::awaitable<Authorization>(const HttpRequest&)>& Awaited() const noexcept {
    return awaited_;
  }

 private:
  std::function<Authorization(const HttpRequest&)> plain_;
  std::function<boost::asio::awaitable<Authorization>(const HttpRequest&)> awaited_;
};

}  // namespace ws
