// Completions at the end of a connection.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <utility>

#include "connection/completion.hpp"
#include "connection/lifecycle.hpp"
#include "ws/error.hpp"

namespace ws::connection {

// Completes waiters at the end of a connection. If the connection ends because a context is destroyed, the coroutines
// of that context are not completed: they are destroyed with it.
class PendingCompletions {
 public:
  using Waiter = Completion<Error>;

  // `ending` is the context that is being destroyed, or null.
  explicit PendingCompletions(const boost::asio::execution_context* ending) noexcept : ending_(ending) {}

  bool IsEnding(const boost::asio::any_io_executor& executor) const {
    return ending_ != nullptr && &boost::asio::query(executor, boost::asio::execution::context) == ending_;
  }
  template <class Value>
  bool IsEnding(const Completion<Value>& waiter) const {
    return ending_ != nullptr && waiter.RunsOn(*ending_);
  }

  void Complete(Waiter waiter, Error error) const {
    if (!IsEnding(waiter)) std::move(waiter).Complete([error] { return error; });
  }
  void Complete(Lifecycle<Waiter>::Waiters waiters) const {
    for (auto& [id, waiter] : waiters) Complete(std::move(waiter), {});
  }

 private:
  const boost::asio::execution_context* const ending_;
};

}  // namespace ws::connection
