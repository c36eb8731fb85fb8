#include "http/listener.hpp"

#include <fcntl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <new>
#include <string_view>
#include <utility>

#include "connection/log.hpp"

namespace ws::http {

namespace asio = boost::asio;
using asio::ip::tcp;

Listener::Listener(asio::any_io_executor executor, std::vector<asio::any_io_executor> targets, LogSink log)
    : acceptor_(executor), pause_(executor), targets_(std::move(targets)), log_(std::move(log)) {}

Error Listener::Open(const std::string& address, std::uint16_t port) {
  constexpr std::string_view unix_scheme = "unix:";
  Error error = address.starts_with(unix_scheme) ? file_.emplace(address.substr(unix_scheme.size())).Listen(acceptor_)
                                                 : ListenTcp(address, port);
  if (!error) ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (error) Close();
  return error;
}

Error Listener::ListenTcp(const std::string& address, std::uint16_t port) {
  Error error;
  const asio::ip::address host = asio::ip::make_address(address, error);
  if (error) {
    LogError("the server's address is neither an IP address nor unix:PATH", address);
    return error;
  }
  const tcp::endpoint endpoint(host, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(StreamAcceptor::reuse_address(true), error);
  if (!error && host.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(StreamAcceptor::max_listen_connections, error);
  if (!error) port_ = ToTcp(acceptor_.local_endpoint(error)).port();
  return error;
}

void Listener::Accept(AcceptHandler on_accept) {
  on_accept_ = std::move(on_accept);
  AcceptNext();
}

void Listener::AcceptNext() {
  if (!acceptor_.is_open()) return;
  try {
    acceptor_.async_accept(targets_[next_target_], [self = shared_from_this()](Error error, StreamSocket socket) {
      self->OnAccept(error, std::move(socket));
    });
  } catch (const std::bad_alloc&) {
    Pause(asio::error::no_memory);
  }
}

void Listener::OnAccept(Error error, StreamSocket socket) {
  if (!error) {
    logged_ = false;
    next_target_ = (next_target_ + 1) % targets_.size();
    StartSession(std::move(socket));
  } else if (error != asio::error::connection_aborted && acceptor_.is_open()) {
    return Pause(error);
  }
  AcceptNext();
}

// Without a pause the accept loop would use a whole core, because the socket stays readable while connections wait.
void Listener::Pause(Error error) {
  if (!std::exchange(logged_, true)) LogError("accept failed; trying again", error.message());
  pause_.expires_after(std::chrono::milliseconds(100));
  pause_.async_wait([self = shared_from_this()](Error) { self->AcceptNext(); });
}

void Listener::StartSession(StreamSocket socket) {
  Error ignored;
  socket.set_option(tcp::no_delay(true), ignored);       // no effect on a UNIX domain socket
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);  // a child process must not keep it open
  try {
    on_accept_(std::move(socket));
  } catch (const std::exception& failure) {
    LogError("a connection could not be served", failure.what());
  }
}

void Listener::LogError(const char* text, const std::string& detail) const {
  const LogField fields[] = {{"detail", detail}};
  connection::WriteLog(log_, {LogLevel::Severe, text, fields});
}

void Listener::Close() {
  Error ignored;
  acceptor_.close(ignored);
  file_.reset();
  pause_.cancel();
}

}  // namespace ws::http
