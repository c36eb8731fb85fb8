#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace repl {

// Calls a function once when there has been no connection for a given time. The time starts at Start(). A limit of
// zero disables the timer. Thread-safe.
class IdleTimer final : public std::enable_shared_from_this<IdleTimer> {
 public:
  // `on_idle` is called on the executor. Exactly one thread must run its context.
  IdleTimer(boost::asio::any_io_executor executor, std::chrono::milliseconds limit, std::function<void()> on_idle)
      : timer_(std::move(executor)), limit_(limit), on_idle_(std::move(on_idle)) {}

  // Each call must be matched by one RemoveConnection().
  void AddConnection();
  void RemoveConnection();
  void Start();
  // `on_idle` is not called after this has run on the executor.
  void Stop();

 private:
  void Arm();

  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds limit_;
  const std::function<void()> on_idle_;

  // Used on the executor only.
  std::size_t connections_ = 0;
  bool is_stopped_ = false;
};

}  // namespace repl
