// Connects to a URL.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "client/resolver.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/url.hpp"
#include "ws/detail/transport/byte_stream.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#endif

namespace ws::client {

// One attempt to connect, on one strand.
class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  explicit Dialer(boost::asio::any_io_executor strand)
      : strand_(std::move(strand)), timer_(strand_), attempt_timer_(strand_), socket_(strand_) {}
#if WS_HAS_TLS
  // Sets the context that checks the server's certificate, for wss.
  void Trust(std::shared_ptr<boost::asio::ssl::context> trust) {
    trust_ = std::move(trust);
  }
#endif

  struct Result {
    Error error = {};
    std::unique_ptr<ByteStream> stream = {};
  };
  // Tries the host's addresses one after the other, each with its share of the time, then starts TLS. Fails with
  // HandshakeTimeout at the deadline.
  static boost::asio::awaitable<Result> DialAsync(std::shared_ptr<Dialer> self, protocol::Url url,
                                                  protocol::Time deadline);
  // Ends DialAsync.
  void Cancel();

 private:
  boost::asio::awaitable<Error> ConnectAsync(const protocol::Url& url, protocol::Time deadline);
  boost::asio::awaitable<Error> ConnectToAsync(boost::asio::ip::tcp::endpoint endpoint, protocol::Time deadline);
  boost::asio::awaitable<Result> StartTlsAsync(const protocol::Url& url);

  const boost::asio::any_io_executor strand_;
  boost::asio::steady_timer timer_, attempt_timer_;
  boost::asio::ip::tcp::socket socket_;
  const std::shared_ptr<Resolver> resolver_ = std::make_shared<Resolver>();
  unsigned attempt_ = 0;  // odd while an attempt runs
  bool cancelled_ = false;
  bool timed_out_ = false;
#if WS_HAS_TLS
  std::shared_ptr<boost::asio::ssl::context> trust_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> secure_;
#endif
};

}  // namespace ws::client
