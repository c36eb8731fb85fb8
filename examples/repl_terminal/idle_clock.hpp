#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace repl {

// Calls back once when nobody has been there for so long, from the beginning on; a limit of zero is
// never. Threads: any.
class IdleClock final : public std::enable_shared_from_this<IdleClock> {
 public:
  // `on_idle` is called on the executor, whose context one thread runs.
  IdleClock(boost::asio::any_io_executor executor, std::chrono::milliseconds limit, std::function<void()> on_idle)
      : timer_(std::move(executor)), limit_(limit), on_idle_(std::move(on_idle)) {}

  // Each calls for one Leave.
  void Come();
  void Leave();
  void Start();
  // Calls back no more.
  void Stop();

 private:
  void Arm();

  boost::asio::steady_timer timer_;
  const std::chrono::milliseconds limit_;
  const std::function<void()> on_idle_;

  // Executor.
  std::size_t present_ = 0;
  bool stopped_ = false;
};

}  // namespace repl
