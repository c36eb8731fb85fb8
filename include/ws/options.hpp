// The options of a connection: bounds, timeouts, security.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ws/authorize.hpp"
#include "ws/http.hpp"
#include "ws/limits.hpp"
#include "ws/log.hpp"

namespace ws::connection {
class ConnectionScope;
}

namespace ws {

// The thread that runs callbacks.
enum class CallbackThread {
  Pool,  // a thread of Options::executor; a callback that blocks delays its own connection only
  Io     // the connection's I/O thread; faster, but callbacks must never block
};

// The options of a connection. Use designated initialisers: every field has a default. Zero turns a duration's limit
// off. A negative duration, or a bound of zero, is a std::logic_error of the function that takes the options.
struct Options {
  // The maximum size of an inbound message. A larger one closes the connection with 1009.
  std::size_t max_message_bytes = std::size_t{1} << 20;
  // The maximum nesting of an inbound message's JSON. A deeper one is the error `bad_json`.
  std::size_t max_depth = 64;
  // The inbound messages that may wait for callbacks, by number and by total size. Beyond either bound the socket is
  // not read, which slows the peer down.
  std::size_t max_inbound_messages = 256;
  std::size_t max_inbound_bytes = std::size_t{1} << 20;
  // Limits the peer's messages and bytes per second. Off by default.
  RateLimit rate_limit = {};
  // This many malformed messages in a row close the connection with 1008. 0 is no limit.
  unsigned max_malformed = 10;

  // The outbound messages that may wait for the socket (the write queue), by number and by total size. A message larger
  // than max_outbound_bytes is Errc::TooLarge.
  std::size_t max_outbound_messages = 256;
  std::size_t max_outbound_bytes = std::size_t{4} << 20;
  // The effect of Emit if the write queue is full.
  Overflow overflow = Overflow::Refuse;

  // The time that a request waits for its reply.
  std::chrono::milliseconds request_timeout = std::chrono::seconds(10);
  // The maximum number of requests that wait for replies.
  std::size_t max_open_requests = 1024;

  // The maximum time of the handshake, from the accepted connection to the end of our HTTP response.
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);
  // A ping is sent when nothing was received for ping_interval. The connection is closed with 3008 when nothing was
  // received for idle_timeout, also if ping_interval is zero. ping_interval must be less than idle_timeout.
  std::chrono::milliseconds ping_interval = std::chrono::seconds(25);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(45);
  // The maximum time from the first to the last byte of an inbound message. Raise it for large uploads.
  std::chrono::milliseconds message_timeout = std::chrono::seconds(30);
  // The connection is closed with 1013 when the socket accepts no byte for this time.
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
  // The connection is closed with 1013 when the socket was not read for this time, because callbacks are too slow.
  std::chrono::milliseconds stall_timeout = std::chrono::seconds(30);
  // The maximum time of the closing handshake, and the part of it for flushing the write queue.
  std::chrono::milliseconds close_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds flush_timeout = std::chrono::seconds(2);

  // The origins whose pages may connect, in addition to pages of the same host. "*" is every origin.
  std::vector<std::string> allowed_origins = {};
  // Called for each other origin; returns true to allow it. May be called on several I/O threads at once.
  std::function<bool(std::string_view origin, const HttpRequest& request)> check_origin = {};
  // If not empty, requests with another Host header are refused, which prevents DNS rebinding. "name" allows every
  // port, "name:port" only that one. Ports 80 and 443 also match a Host header without a port, because browsers omit
  // them.
  std::vector<std::string> allowed_hosts = {};
  // The supported subprotocols in order of preference. The first one that the client offers is chosen.
  std::vector<std::string> subprotocols = {};
  // Decides about each connection before the handshake succeeds: (const ws::HttpRequest&) -> ws::Authorization. Without
  // it every client is accepted that passes the other checks.
  Authorizer authorize = {};

  // Offers compression (permessage-deflate). It saves traffic and costs up to 100 kB of memory for each connection.
  bool deflate = false;

  // The executor that runs callbacks. By default the pool of the Server, or else boost::asio::system_executor.
  boost::asio::any_io_executor executor = {};
  CallbackThread callback_thread = CallbackThread::Pool;
  // The ws::Hub that the connection joins while it is open. Its callbacks also serve this connection. By default the
  // hub of the Server, or else none.
  std::shared_ptr<connection::ConnectionScope> hub = {};

  // Receives log records. By default the log of the Server, or else stderr for Severe ones.
  LogSink log = {};
};

}  // namespace ws
