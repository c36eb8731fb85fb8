// The sockets that a Server accepts: TCP's and those of UNIX paths, of one type.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstring>

namespace ws::transport {

using StreamSocket = boost::asio::generic::stream_protocol::socket;
using StreamAcceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;

// Of TCP: address and port. Of a UNIX path: 0.0.0.0, port 0.
inline boost::asio::ip::tcp::endpoint ToTcp(const boost::asio::generic::stream_protocol::endpoint& endpoint) {
  boost::asio::ip::tcp::endpoint tcp;
  if (endpoint.protocol().family() == AF_UNIX || endpoint.size() > tcp.capacity()) return tcp;
  std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
  tcp.resize(endpoint.size());
  return tcp;
}

}  // namespace ws::transport
