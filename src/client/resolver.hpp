// Resolves host names.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection/completion.hpp"
#include "ws/error.hpp"

namespace ws::client {

struct Addresses {
  Error error = {};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints = {};
};

// One lookup. The system's lookup cannot be interrupted, so it runs on a detached thread. That thread does not touch
// the context of the waiting coroutine once the context is destroyed.
class Resolver : public std::enable_shared_from_this<Resolver> {
 public:
  // Called once. `host` is a name or an address.
  static boost::asio::awaitable<Addresses> ResolveAsync(std::shared_ptr<Resolver> self, std::string host,
                                                        std::string port);
  // Ends ResolveAsync with operation_aborted. Safe from any thread.
  void Cancel() { Finish({boost::asio::error::operation_aborted, {}}); }

 private:
  struct ContextGuard;

  void Finish(Addresses found);
  void DropWaiter();

  std::mutex mutex_;
  std::optional<connection::Completion<Addresses>> waiter_;
};

}  // namespace ws::client
