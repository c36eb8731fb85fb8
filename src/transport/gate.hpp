// Where a coroutine waits for another on the same strand.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace ws::transport {

// Holds one waiter. An Open before the Wait is remembered. Only for coroutines of one strand. It belongs to no
// context: what waits here when a context is destroyed must be dropped by hand.
class Gate {
 public:
  boost::asio::awaitable<void> Wait() {
    if (std::exchange(open_, false)) co_return;
    auto keep = [this](auto handler) { Waiter(std::move(handler)).swap(waiter_); };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(keep,
                                                                                       boost::asio::use_awaitable);
  }

  // Resumes the waiter before it returns.
  void Open() {
    if (!waiter_) {
      open_ = true;
      return;
    }
    Waiter waiter;
    waiter.swap(waiter_);
    std::move(waiter)();
  }

  void Drop() { Waiter().swap(waiter_); }

 private:
  // Only ever swapped: in Boost 1.81 its move assignment wraps the handler in itself.
  using Waiter = boost::asio::any_completion_handler<void()>;

  Waiter waiter_;
  bool open_ = false;
};

}  // namespace ws::transport
