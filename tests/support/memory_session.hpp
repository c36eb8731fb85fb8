// A Handler on an in-memory stream, and a test client at the other end.
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
#include "support/synchronization.hpp"
#include "support/test_client.hpp"
#include "ws/handler.hpp"

namespace ws::test {

// A valid upgrade request for "/ws".
HttpRequest UpgradeRequest();

// One connection, with a thread for its context and a pool for its callbacks. The destructor closes the stream and
// waits for the end of the connection.
class MemorySession {
 public:
  explicit MemorySession(Options options = {});
  ~MemorySession();

  // Starts Handler::Init on the in-memory stream. The future has its result.
  std::future<Error> Init(HttpRequest request = UpgradeRequest(), std::string leftover = {});
  // Runs Init to success, and reads the 101 response on the client's side. Throws if Init fails.
  void Open(std::string leftover = {});
  // Runs a coroutine on the connection's context.
  std::future<Error> Spawn(boost::asio::awaitable<Error> work);
  std::future<Reply> Spawn(boost::asio::awaitable<Reply> work);
  // Waits until the context has run its ready handlers, and the handlers that they posted.
  void RunReadyHandlers();
  // Stops the thread and destroys the context together with its pending handlers and coroutines.
  void DestroyContext();

  boost::asio::io_context& Context() { return *context_; }
  boost::asio::thread_pool& Pool() { return pool_; }
  // While blocked, writes to the client stay pending.
  void BlockWrites(bool blocked) { pair_.to_second->Block(blocked); }
  MemoryPair& Pair() { return pair_; }

 private:
  boost::asio::any_io_executor callbacks_;  // the executor that the test passed, or empty
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
