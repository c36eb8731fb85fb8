// A coroutine that waits for a result.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <utility>

#include "connection/asio_compat.hpp"

namespace ws::connection {

// A suspended coroutine with the executor on which it resumes. Keeps the executor's context from running out of work.
// Never completes inline. If it is destroyed before it has completed, the coroutine is destroyed too.
template <class Value>
class Completion {
 public:
  template <class Handler>
  Completion(boost::asio::any_io_executor executor, Handler&& handler)
      : executor_(boost::asio::prefer(std::move(executor), boost::asio::execution::outstanding_work.tracked)),
        handler_(std::forward<Handler>(handler)) {}

  // Resumes the coroutine with the value that `make` returns. `make` runs on the coroutine's executor.
  template <class Make>
  void Complete(Make make) && {
    auto executor = std::move(executor_);
    boost::asio::post(executor, [handler = std::move(handler_), make = std::move(make)]() mutable {
      auto slot = boost::asio::get_associated_cancellation_slot(handler.Get());
      if (slot.is_connected()) slot.clear();
      std::move(handler.Get())(make());
    });
  }

  // Sets the function that a cancellation of the coroutine calls.
  template <class Act>
  void OnCancel(Act act) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_.Get());
    if (!slot.is_connected()) return;
    slot.assign([act = std::move(act)](boost::asio::cancellation_type type) {
      if (type != boost::asio::cancellation_type::none) act();
    });
  }

  // True if the coroutine runs on this context.
  bool RunsOn(const boost::asio::execution_context& context) const {
    return &boost::asio::query(executor_, boost::asio::execution::context) == &context;
  }

 private:
  boost::asio::any_io_executor executor_;
  AnyHandler<void(Value)> handler_;
};

}  // namespace ws::connection
