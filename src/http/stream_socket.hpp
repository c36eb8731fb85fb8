// The socket type of a Server, for TCP and UNIX domain sockets.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>

namespace ws::http {

using StreamSocket = boost::asio::generic::stream_protocol::socket;
using StreamAcceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

// Returns the address and port of a TCP endpoint; 0.0.0.0 and port 0 for a UNIX domain socket.
inline boost::asio::ip::tcp::endpoint ToTcp(const boost::asio::generic::stream_protocol::endpoint& endpoint) {
  boost::asio::ip::tcp::endpoint tcp;
  if (endpoint.protocol().family() == AF_UNIX || endpoint.size() > tcp.capacity()) return tcp;
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  tcp.resize(endpoint.size());
  return tcp;
}

}  // namespace ws::http
