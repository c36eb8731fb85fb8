// An event that one coroutine waits for.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "connection/asio_compat.hpp"

namespace ws::transport {

// Resets itself when the waiter resumes. A Set before the wait is remembered. Used on one strand only. It belongs to no
// context: if a context is destroyed, its waiter must be cancelled by Cancel.
class AsyncEvent {
 public:
  boost::asio::awaitable<void> WaitAsync() {
    if (std::exchange(set_, false)) co_return;
    auto keep = [this](auto handler) { Waiter(std::move(handler)).swap(waiter_); };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(keep,
                                                                                       boost::asio::use_awaitable);
  }

  // Resumes the waiter before it returns.
  void Set() {
    if (!waiter_) {
      set_ = true;
      return;
    }
    Waiter waiter;
    waiter.swap(waiter_);
    std::move(waiter.Get())();
  }

  // Destroys the waiter.
  void Cancel() { const Waiter waiter = std::exchange(waiter_, Waiter()); }

 private:
  using Waiter = connection::AnyHandler<void()>;

  Waiter waiter_;
  bool set_ = false;
};

}  // namespace ws::transport
