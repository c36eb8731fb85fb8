// What callbacks are given in place of a Handler.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "ws/detail/dispatch/callback.hpp"

namespace ws::test {

/// As a Handler: made from a connection, cheap to copy. No tests look at the connection, which is null.
struct Peer {
  explicit Peer(dispatch::ConnectionPtr of) : connection(std::move(of)) {}

  dispatch::ConnectionPtr connection;
};

/// What a callback gave back at once.
inline dispatch::Result ResultOf(const dispatch::CallbackPtr& callback, Json data = nullptr) {
  const auto message = std::make_shared<const Message>("event", std::move(data));
  return std::get<0>(callback->Invoke(callback, nullptr, message));
}

inline Json JsonOf(const dispatch::Result& result) {
  return std::get<Json>(result);
}

/// Lets others go first.
inline boost::asio::awaitable<void> Pause() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

}  // namespace ws::test
