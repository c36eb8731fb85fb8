// Host names to addresses.
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

#include "transport/completion.hpp"
#include "ws/error.hpp"

namespace ws::transport {

struct Addresses {
  Error error = {};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints = {};
};

// One look-up. The system's cannot be interrupted, so it runs on a thread of its own, for which nobody waits; nor does
// it touch the waiting coroutine's context once that is destroyed.
class Resolution : public std::enable_shared_from_this<Resolution> {
 public:
  // Once. `host` is a name or an address.
  static boost::asio::awaitable<Addresses> Run(std::shared_ptr<Resolution> self, std::string host, std::string port);
  // Ends a Run under way with operation_aborted. Safe from any thread.
  void Abandon() { Finish({boost::asio::error::operation_aborted, {}}); }

 private:
  struct Guard;

  void Finish(Addresses found);
  void Drop();

  std::mutex mutex_;
  std::optional<Completion<Addresses>> waiter_;
};

}  // namespace ws::transport
