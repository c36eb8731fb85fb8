#include "api/check_options.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "ws/detail/protocol/ascii.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/json_scanner.hpp"
#include "ws/detail/protocol/origin.hpp"

namespace ws::api {

namespace {

// An entry that can match no request would refuse every client without an explanation, so it is an error.
void CheckNames(const Options& options) {
  for (const std::string& origin : options.allowed_origins) {
    if (origin != "*" && !protocol::IsOrigin(origin))
      throw std::logic_error("ws::Options::allowed_origins: \"" + origin +
                             "\" is not an origin like https://example.com or http://localhost:5173, nor \"*\"");
  }
  for (const std::string& host : options.allowed_hosts) {
    if (!protocol::ParseAuthority(host) || host.find('*') != host.npos)
      throw std::logic_error("ws::Options::allowed_hosts: \"" + host +
                             "\" is not a host like example.com or [::1]:8080");
  }
  for (const std::string& one : options.subprotocols) {
    if (!protocol::IsToken(one)) throw std::logic_error("ws::Options::subprotocols: \"" + one + "\" is not a token");
    if (std::count(options.subprotocols.begin(), options.subprotocols.end(), one) > 1)  // RFC 6455 section 4.1
      throw std::logic_error("ws::Options::subprotocols: \"" + one + "\" occurs twice");
  }
}

}  // namespace

void CheckOptions(const Options& options) {
  if (options.max_depth < 1 || options.max_depth > protocol::JsonScanner::depth_ceiling) {
    throw std::logic_error("ws::Options::max_depth must be between 1 and " +
                           std::to_string(protocol::JsonScanner::depth_ceiling));
  }
  if (options.max_message_bytes == 0 || options.max_outbound_messages == 0 || options.max_outbound_bytes == 0 ||
      options.max_inbound_messages == 0 || options.max_inbound_bytes == 0 || options.max_open_requests == 0) {
    throw std::logic_error("ws::Options: a bound must not be zero");
  }
  for (const auto time : {options.request_timeout, options.handshake_timeout, options.ping_interval,
                          options.idle_timeout, options.message_timeout, options.rate_limit.grace_period,
                          options.write_timeout, options.stall_timeout, options.close_timeout, options.flush_timeout}) {
    if (time < time.zero()) throw std::logic_error("ws::Options: a duration must not be negative");
  }
  if (!protocol::IsNever(options.ping_interval) && !protocol::IsNever(options.idle_timeout) &&
      options.ping_interval >= options.idle_timeout) {
    throw std::logic_error("ws::Options: ping_interval must be less than idle_timeout");
  }
  CheckNames(options);
}

std::shared_ptr<const Options> Checked(Options options) {
  CheckOptions(options);
  return std::make_shared<const Options>(std::move(options));
}

}  // namespace ws::api
