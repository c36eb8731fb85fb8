// The application's say before the 101.
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

// Accepts with an identity (Handler::Identity) or refuses with an HTTP status and a text that the client sees.
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

// Takes a callback `(const HttpRequest&)` that returns an Authorization, or an awaitable of one. It runs on the I/O
// threads, maybe on several at once, within the handshake's deadline: a plain one must not block. A throw is a 500.
class Authorizer {
 public:
  Authorizer() = default;

  template <class Callback>
  requires(!std::same_as<std::remove_cvref_t<Callback>, Authorizer> && std::invocable<Callback&, const HttpRequest&>)
      Authorizer(Callback callback) {
    using Result = std::invoke_result_t<Callback&, const HttpRequest&>;
    if constexpr (std::same_as<Result, Authorization>) {
      plain_ = std::move(callback);
    } else {
      static_assert(std::same_as<Result, boost::asio::awaitable<Authorization>>,
                    "authorize returns ws::Authorization or boost::asio::awaitable<ws::Authorization>");
      awaited_ = std::move(callback);
    }
  }

  // Whether there is a callback at all.
  explicit operator bool() const noexcept { return plain_ || awaited_; }
  const std::function<Authorization(const HttpRequest&)>& Plain() const noexcept { return plain_; }
  const std::function<boost::asio::awaitable<Authorization>(const HttpRequest&)>& Awaited() const noexcept {
    return awaited_;
  }

 private:
  std::function<Authorization(const HttpRequest&)> plain_;
  std::function<boost::asio::awaitable<Authorization>(const HttpRequest&)> awaited_;
};

}  // namespace ws
