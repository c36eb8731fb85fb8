// The server's side of the opening handshake, RFC 6455 section 4.2.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <optional>
#include <string>

#include "connection/connection.hpp"
#include "transport/codec.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/upgrade_check.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// A request that asks for a WebSocket.
struct UpgradeRequest {
  HttpRequest request;
  std::string leftover;     // bytes that were read after the request
  protocol::Time deadline;  // of the whole handshake
  std::function<void()> on_accepted =
      {};  // called before the 101, with the identity known; a throw is answered with 500
};

// Checks a request, calls `authorize`, and writes the response. Used on one strand. The arguments must outlive it.
class ServerHandshake {
 public:
  ServerHandshake(connection::Connection& connection, ByteStream& stream, Codec& codec,
                  boost::asio::any_io_executor strand)
      : connection_(connection), stream_(stream), codec_(codec), strand_(std::move(strand)) {}

  // On success the 101 has been written. Errors: Refused (another answer has been written), Closed, or the transport's.
  boost::asio::awaitable<Error> RunAsync(const UpgradeRequest& upgrade);
  // Ends a run: `authorize` is cancelled, and no 101 is written.
  void Cancel();
  // True if the application has accepted, so that the answer is being written.
  bool IsAccepted() const noexcept { return accepted_; }

 private:
  boost::asio::awaitable<std::optional<protocol::UpgradeRejection>> CheckAsync(const HttpRequest& request,
                                                                               Json& identity);
  boost::asio::awaitable<Authorization> AuthorizeAsync(const HttpRequest& request);
  // Calls on_accepted.
  std::optional<protocol::UpgradeRejection> Accept(const UpgradeRequest& upgrade);
  boost::asio::awaitable<Error> RejectAsync(protocol::UpgradeRejection rejection, const HttpRequest& request);
  bool HasEnded() const noexcept { return cancelled_ || connection_.IsClosing(); }

  connection::Connection& connection_;
  ByteStream& stream_;
  Codec& codec_;
  const boost::asio::any_io_executor strand_;
  boost::asio::cancellation_signal cancel_authorize_;
  bool accepted_ = false;
  bool cancelled_ = false;
};

}  // namespace ws::transport
