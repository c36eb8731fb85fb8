// The accept loop.
#pragma once

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

// Accepts on one executor, and gives the sockets to several in turn. Survives running out of descriptors and memory.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using Accepted = std::function<void(StreamSocket)>;

  Listener(boost::asio::any_io_executor executor, std::vector<boost::asio::any_io_executor> targets, LogSink log);

  // "::" listens on both families; "unix:/path" on a UNIX socket, whatever the port.
  Error Open(const std::string& address, std::uint16_t port);
  // 0 for a UNIX socket.
  std::uint16_t Port() const noexcept { return port_; }
  // Until Close. Once; on the executor, as `accepted` is called, or before it runs.
  void Accept(Accepted accepted);
  // On the executor.
  void Close();

 private:
  Error ListenTcp(const std::string& address, std::uint16_t port);
  // Handlers and no coroutine: one that finds no memory for an operation is destroyed, and nobody would accept again.
  // A handler that is destroyed, because there was none for the new socket, begins the next accept: Accepting.
  void AcceptNext();
  void OnAccept(Error error, StreamSocket socket);
  // Both false where there is no memory for it.
  bool TryAccept();
  bool TryPause();
  struct Accepting;
  bool RunsHere();
  void HandOver(StreamSocket socket);
  void Complain(Error error);
  void Report(const char* text, const char* detail) const noexcept;

  StreamAcceptor acceptor_;
  std::optional<SocketFile> file_;
  boost::asio::steady_timer pause_;
  const std::vector<boost::asio::any_io_executor> targets_;
  const LogSink log_;
  Accepted accepted_;
  std::size_t next_ = 0;  // of the targets
  bool accepting_ = false;
  bool starving_ = false;  // and it was complained of
  std::uint16_t port_ = 0;
};

}  // namespace ws::transport
