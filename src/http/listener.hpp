// The accept loop.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/socket_file.hpp"
#include "http/stream_socket.hpp"
#include "ws/error.hpp"
#include "ws/log.hpp"

namespace ws::http {

// Accepts on one executor, and gives the sockets to several executors in turn. If descriptors or memory run out, it
// pauses and tries again.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using AcceptHandler = std::function<void(StreamSocket)>;

  Listener(boost::asio::any_io_executor executor, std::vector<boost::asio::any_io_executor> targets, LogSink log);

  // Starts to listen. "::" is IPv6 and IPv4. "unix:/path" is a UNIX domain socket; it ignores the port.
  Error Open(const std::string& address, std::uint16_t port);
  // The TCP port; 0 for a UNIX domain socket.
  std::uint16_t Port() const noexcept { return port_; }
  // Accepts until Close. Called once, on the executor or before it runs. `on_accept` is called on the executor.
  void Accept(AcceptHandler on_accept);
  // Called on the executor.
  void Close();

 private:
  Error ListenTcp(const std::string& address, std::uint16_t port);
  void AcceptNext();
  void OnAccept(Error error, StreamSocket socket);
  // Accepts again after 100 ms.
  void Pause(Error error);
  void StartSession(StreamSocket socket);
  void LogError(const char* text, const std::string& detail) const;

  StreamAcceptor acceptor_;
  std::optional<SocketFile> file_;
  boost::asio::steady_timer pause_;
  const std::vector<boost::asio::any_io_executor> targets_;
  const LogSink log_;
  AcceptHandler on_accept_;
  std::size_t next_target_ = 0;  // index into targets_
  bool logged_ = false;          // the present failure of accept is in the log
  std::uint16_t port_ = 0;
};

}  // namespace ws::http
