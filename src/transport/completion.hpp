// A caller who waits.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <new>
#include <utility>

namespace ws::transport {

// A suspended coroutine with the executor it resumes on, whose context it keeps from running out of work. Never
// completes inline. Destroyed uncompleted, it destroys the coroutine.
template <class Value>
class Completion {
 public:
  using Handler = boost::asio::any_completion_handler<void(Value)>;

  Completion(boost::asio::any_io_executor executor, Handler handler)
      : executor_(boost::asio::prefer(std::move(executor), boost::asio::execution::outstanding_work.tracked)),
        handler_(std::move(handler)) {}

  Completion(Completion&&) noexcept = default;
  // By swapping: in Boost 1.81 the handler's own move assignment wraps it in itself.
  Completion& operator=(Completion&& other) noexcept {
    std::swap(executor_, other.executor_);
    handler_.swap(other.handler_);
    return *this;
  }

  // `make` runs where the caller waits, and gives what it gets.
  template <class Make>
  void Complete(Make make) && {
    auto executor = std::move(executor_);
    boost::asio::post(executor, [handler = std::move(handler_), make = std::move(make)]() mutable {
      auto slot = boost::asio::get_associated_cancellation_slot(handler);
      if (slot.is_connected()) slot.clear();
      try {
        std::move(handler)(make());
      } catch (const std::bad_alloc&) {
        // What the coroutine would have waited for next found no memory; it is destroyed.
      }
    });
  }

  // What the caller's cancellation does.
  template <class Act>
  void OnCancel(Act act) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    slot.assign([act = std::move(act)](boost::asio::cancellation_type type) {
      if (type != boost::asio::cancellation_type::none) act();
    });
  }

  // Whether the coroutine lives on this context.
  bool RunsOn(const boost::asio::execution_context& context) const {
    return &boost::asio::query(executor_, boost::asio::execution::context) == &context;
  }

 private:
  boost::asio::any_io_executor executor_;
  Handler handler_;
};

}  // namespace ws::transport
