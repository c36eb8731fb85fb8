// From a URL to a stream.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "transport/resolution.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/url.hpp"
#include "ws/detail/transport/byte_stream.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#endif

namespace ws::transport {

// One attempt to connect. On one strand.
class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  explicit Dialer(boost::asio::any_io_executor strand)
      : strand_(std::move(strand)), timer_(strand_), turn_(strand_), socket_(strand_) {}
#if WS_HAS_TLS
  // For wss: what the server's certificate is checked by.
  void Trust(std::shared_ptr<boost::asio::ssl::context> trust) {
    trust_ = std::move(trust);
  }
#endif

  struct Dialled {
    Error error = {};
    std::unique_ptr<ByteStream> stream = {};
  };
  // Each address in turn, each with its share of the time, then TLS. HandshakeTimeout past the deadline.
  static boost::asio::awaitable<Dialled> Dial(std::shared_ptr<Dialer> self, protocol::Url url, protocol::Time deadline);
  // Ends a Dial under way.
  void Cancel();

 private:
  boost::asio::awaitable<Error> Connect(const protocol::Url& url, protocol::Time deadline);
  boost::asio::awaitable<Error> ConnectTo(boost::asio::ip::tcp::endpoint endpoint, protocol::Time deadline);
  boost::asio::awaitable<Dialled> Secure(const protocol::Url& url);

  const boost::asio::any_io_executor strand_;
  boost::asio::steady_timer timer_, turn_;
  boost::asio::ip::tcp::socket socket_;
  const std::shared_ptr<Resolution> resolution_ = std::make_shared<Resolution>();
  unsigned attempt_ = 0;  // odd while one is under way
  bool cancelled_ = false;
  bool timed_out_ = false;
#if WS_HAS_TLS
  std::shared_ptr<boost::asio::ssl::context> trust_;
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> secure_;
#endif
};

}  // namespace ws::transport
