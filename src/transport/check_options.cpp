#include "transport/check_options.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "ws/protocol/json_scanner.hpp"

namespace ws::transport {

void CheckOptions(const Options& options) {
  if (options.max_depth < 1 || options.max_depth > protocol::JsonScanner::depth_ceiling) {
    throw std::logic_error("ws::Options::max_depth must lie between 1 and " +
                           std::to_string(protocol::JsonScanner::depth_ceiling));
  }
  if (options.max_message_bytes == 0 || options.max_queued_messages == 0 || options.max_queued_bytes == 0 ||
      options.max_waiting_messages == 0 || options.max_waiting_bytes == 0 || options.max_open_requests == 0) {
    throw std::logic_error("ws::Options: a bound of zero lets nothing through");
  }
  for (const auto time : {options.request_timeout, options.handshake_timeout, options.ping_after, options.dead_after,
                          options.message_timeout, options.rate_limit.patience, options.write_timeout,
                          options.unread_timeout, options.close_timeout, options.flush_timeout}) {
    if (time < time.zero()) throw std::logic_error("ws::Options: a time may not be negative");
  }
}

std::shared_ptr<const Options> Checked(Options options) {
  CheckOptions(options);
  return std::make_shared<const Options>(std::move(options));
}

}  // namespace ws::transport
