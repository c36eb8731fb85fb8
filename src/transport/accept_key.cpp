#include "transport/accept_key.hpp"

#include <boost/beast/websocket/detail/hybi13.hpp>

namespace ws::transport {

// Uses an internal function of Beast, because the library has no other SHA-1 when it is built without TLS. Beast's
// public way, a response from its stream, takes four times as long: 20,000 instructions, a fifth of the cost of a
// connection.
std::string AcceptKey(std::string_view key) {
  namespace hybi13 = boost::beast::websocket::detail;
  hybi13::sec_ws_accept_type accept;
  hybi13::make_sec_ws_accept(accept, key);
  return {accept.data(), accept.size()};
}

}  // namespace ws::transport
