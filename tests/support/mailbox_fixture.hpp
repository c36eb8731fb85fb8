// A mailbox with a fake connection, on a context that the test polls or on a thread pool.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_owner.hpp"
#include "ws/detail/dispatch/mailbox.hpp"

namespace ws::test {

using Batch = std::vector<dispatch::Mailbox::DispatchPtr>;

inline Batch MakeBatch(const std::vector<std::string>& events) {
  Batch batch;
  for (const std::string& event : events) {
    using dispatch::EventKind;
    batch.push_back(MakeDispatch(event, nullptr,
                                 event == "connect"      ? EventKind::Connect
                                 : event == "disconnect" ? EventKind::Disconnect
                                                         : EventKind::Message));
  }
  return batch;
}

/// Blocks coroutines until the test calls Release().
class AsyncLatch {
 public:
  explicit AsyncLatch(boost::asio::io_context& context)
      : timer_(context, boost::asio::steady_timer::time_point::max()) {}

  void Release() { timer_.expires_at(boost::asio::steady_timer::time_point::min()); }
  /// Throws operation_aborted if the coroutine is cancelled.
  boost::asio::awaitable<void> WaitAsync() {
    while (timer_.expiry() != boost::asio::steady_timer::time_point::min()) {
      boost::system::error_code error;
      co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      if (state.cancelled() != boost::asio::cancellation_type::none) throw boost::system::system_error(error);
    }
  }

 private:
  boost::asio::steady_timer timer_;
};

/// A mailbox whose callbacks run only inside Run().
struct ManualMailbox {
  void Put(const std::vector<std::string>& events) {
    Batch batch = MakeBatch(events);
    mailbox->Put(batch);
  }
  /// Runs the handlers that are ready, and returns how many ran.
  std::size_t Run() {
    context.restart();
    return context.poll();
  }

  boost::asio::io_context context;
  std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();
  std::shared_ptr<dispatch::Mailbox> mailbox = std::make_shared<dispatch::Mailbox>(context.get_executor(), owner);
};

/// A mailbox whose callbacks run on a pool of four threads.
struct PooledMailbox {
  ~PooledMailbox() { threads.join(); }

  boost::asio::thread_pool threads{4};
  std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();
  std::shared_ptr<dispatch::Mailbox> mailbox = std::make_shared<dispatch::Mailbox>(threads.get_executor(), owner);
};

}  // namespace ws::test
