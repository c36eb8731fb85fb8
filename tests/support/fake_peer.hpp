// The type that callbacks receive in the tests of dispatch, in place of a Handler.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "ws/detail/dispatch/callback.hpp"

namespace ws::test {

/// Constructible from a connection and cheap to copy, like a Handler. The connection is null in these tests.
struct Peer {
  explicit Peer(dispatch::ConnectionPtr of) : connection(std::move(of)) {}

  dispatch::ConnectionPtr connection;
};

/// What a callback gave back at once.
inline Result ResultOf(const dispatch::CallbackPtr& callback, Json data = nullptr) {
  const auto message = std::make_shared<const Message>("event", std::move(data));
  return std::get<0>(callback->Invoke(callback, nullptr, message));
}

inline Json JsonOf(const Result& result) {
  if (result.AsValue() == nullptr) throw std::logic_error("the result holds no value");
  return *result.AsValue();
}

/// Suspends the coroutine until the handlers that are already queued on its executor have run.
inline boost::asio::awaitable<void> YieldAsync() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
}

}  // namespace ws::test
