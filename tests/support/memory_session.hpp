// A Handler on a stream in memory, and the client at the other end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "support/memory_pair.hpp"
#include "support/patience.hpp"
#include "support/test_client.hpp"
#include "ws/handler.hpp"

namespace ws::test {

// Passes the upgrade checks.
HttpRequest UpgradeRequest();

// The reason that `disconnect` will hand over.
std::future<CloseReason> EndOf(Handler& socket);

// One connection with a thread for its context and a pool for its callbacks. At the end of the scope it is cut off
// and waited for.
class MemorySession {
 public:
  explicit MemorySession(Options options = {});
  ~MemorySession();

  // Init on this stream; the result is the future's.
  std::future<Error> Init(HttpRequest request = UpgradeRequest(), std::string leftover = {});
  // Init, which must succeed; the client has read the 101.
  void Open(std::string leftover = {});
  // Runs on the connection's context.
  std::future<Error> Start(boost::asio::awaitable<Error> work);
  std::future<Reply> Start(boost::asio::awaitable<Reply> work);
  // Lets the connection do what it can do now.
  void Settle();
  // Ends the thread and destroys the context, and with it all that runs there.
  void DestroyContext();

  boost::asio::io_context& Context() { return *context_; }
  boost::asio::thread_pool& Pool() { return pool_; }
  // What the client does not read is not taken.
  void BlockWrites(bool blocked) { pair_.to_second->Block(blocked); }
  MemoryPair& Pair() { return pair_; }

 private:
  boost::asio::any_io_executor callbacks_;  // of the test's own, if it has one
  boost::asio::thread_pool pool_{2};
  std::unique_ptr<boost::asio::io_context> context_ = std::make_unique<boost::asio::io_context>(1);
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  MemoryPair pair_;
  std::thread thread_;

 public:
  Handler socket;
  TestClient peer;
};

}  // namespace ws::test
