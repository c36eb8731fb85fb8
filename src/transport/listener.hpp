// The accept loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/socket_file.hpp"
#include "transport/stream_socket.hpp"
#include "ws/error.hpp"
#include "ws/log.hpp"

namespace ws::transport {

// Accepts on one executor, and gives the sockets to several in turn. Survives running out of descriptors.
class Listener {
 public:
  using Accepted = std::function<void(StreamSocket)>;

  Listener(boost::asio::any_io_executor executor, std::vector<boost::asio::any_io_executor> targets, LogSink log);

  // "::" listens on both families; "unix:/path" on a UNIX socket, whatever the port.
  Error Open(const std::string& address, std::uint16_t port);
  // 0 for a UNIX socket.
  std::uint16_t Port() const noexcept { return port_; }
  // Until Close.
  static boost::asio::awaitable<void> Accept(std::shared_ptr<Listener> self, Accepted accepted);
  // On the executor.
  void Close();

 private:
  Error ListenTcp(const std::string& address, std::uint16_t port);

  StreamAcceptor acceptor_;
  std::optional<SocketFile> file_;
  boost::asio::steady_timer pause_;
  const std::vector<boost::asio::any_io_executor> targets_;
  const LogSink log_;
  std::uint16_t port_ = 0;
};

}  // namespace ws::transport
