// The bounds and defaults of one connection.
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

namespace ws::transport {
class Home;
}

namespace ws {

// Where callbacks run.
enum class CallbackThread {
  Pool,  // on Options::executor: a blocking callback holds up its own connection only
  Io     // on the connection's I/O strand: no hand-over, but a callback must never block
};

// For designated initialisers: every field has its default. Zero for a duration turns that clock off; a
// negative one, or a bound of zero, is a std::logic_error of whoever takes the options.
struct Options {
  // Inbound, one message: larger ones close with 1009; deeper ones are bad_json.
  std::size_t max_message_bytes = std::size_t{1} << 20;
  std::size_t max_depth = 64;
  // Inbound, what waits for callbacks: past either bound the socket is not read.
  std::size_t max_inbound_messages = 256;
  std::size_t max_inbound_bytes = std::size_t{1} << 20;
  // Past it the socket is read more slowly, and after 10 s of excess closed with 1013.
  RateLimit rate_limit = {};
  // Malformed messages in a row that close with 1008; 0: none do.
  unsigned max_malformed = 10;

  // Outbound, what waits for the socket. A message larger than max_outbound_bytes is TooLarge.
  std::size_t max_outbound_messages = 256;
  std::size_t max_outbound_bytes = std::size_t{4} << 20;
  Overflow overflow = Overflow::Refuse;

  // Requests of ours.
  std::chrono::milliseconds request_timeout = std::chrono::seconds(10);
  std::size_t max_open_requests = 1024;

  // Liveness and deadlines (PROTOCOL.md 6).
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds ping_interval = std::chrono::seconds(25);    // of inbound silence
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(45);     // of inbound silence, also where we do not ask
  std::chrono::milliseconds message_timeout = std::chrono::seconds(30);  // first octet to last; raise for uploads
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);    // without an octet taken
  std::chrono::milliseconds stall_timeout = std::chrono::seconds(30);    // socket held unread
  std::chrono::milliseconds close_timeout = std::chrono::seconds(5);     // closing as a whole
  std::chrono::milliseconds flush_timeout = std::chrono::seconds(2);     // of it, for the queue

  // Opening. The page's own host is always allowed; these origins beside it, "*" means any.
  std::vector<std::string> allowed_origins = {};
  // Judges an origin that is neither; the request holds the rest. Called on several I/O threads at once.
  std::function<bool(std::string_view origin, const HttpRequest& request)> check_origin = {};
  // Where set, a Host that is not listed is refused: the defence against DNS rebinding. "name" allows any
  // port, "name:port" that one; 80 and 443 also where none is written, as browsers do.
  std::vector<std::string> allowed_hosts = {};
  // In order of preference; the first that the client offers is chosen.
  std::vector<std::string> subprotocols = {};
  Authorizer authorize = {};

  // permessage-deflate, at level 1; costs up to 100 kB a connection, so for those who pay for traffic.
  bool deflate = false;

  // Callbacks. Without an executor a Server's pool is used, else boost::asio::system_executor.
  boost::asio::any_io_executor executor = {};
  CallbackThread callback_thread = CallbackThread::Pool;
  // A ws::Hub: the connection is one of its members while it is open, and hears its callbacks. Without one a
  // Server's own is used.
  std::shared_ptr<transport::Home> hub = {};

  LogSink log = {};
};

}  // namespace ws
