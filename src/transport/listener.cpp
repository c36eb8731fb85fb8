#include "transport/listener.hpp"

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string_view>

#include "transport/log.hpp"

namespace ws::transport {

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
  if (error) return error;
  const tcp::endpoint endpoint(host, port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(StreamAcceptor::reuse_address(true), error);
  if (!error && host.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(StreamAcceptor::max_listen_connections, error);
  if (!error) port_ = ToTcp(acceptor_.local_endpoint(error)).port();
  return error;
}

asio::awaitable<void> Listener::Accept(std::shared_ptr<Listener> self, Accepted accepted) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  bool starving = false;
  for (std::size_t next = 0; self->acceptor_.is_open(); next = (next + 1) % self->targets_.size()) {
    Error error = asio::error::no_memory;
    StreamSocket socket(self->targets_[next]);
    try {
      std::tie(error, socket) = co_await self->acceptor_.async_accept(self->targets_[next], token);
    } catch (const std::bad_alloc&) {
      // Of the coroutine's own frames: as if the system had none. Asio's operation is not covered.
    }
    if (!error) {
      starving = false;
      Error ignored;
      socket.set_option(tcp::no_delay(true), ignored);       // means nothing to a UNIX socket
      ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);  // a child of the application's does not keep it open
      try {
        accepted(std::move(socket));
      } catch (const std::exception& failure) {
        const LogField fields[] = {{"detail", failure.what()}};
        WriteLog(self->log_, {LogLevel::Severe, "a connection could not be served", fields});
      }
      continue;
    }
    if (!self->acceptor_.is_open()) break;
    if (error == asio::error::connection_aborted) continue;
    // Out of descriptors or memory: the backlog stays ready, so a loop would only burn time.
    if (!std::exchange(starving, true)) {
      const LogField fields[] = {{"detail", error.message()}};
      WriteLog(self->log_, {LogLevel::Severe, "accept failed; trying again", fields});
    }
    self->pause_.expires_after(std::chrono::milliseconds(100));
    try {
      co_await self->pause_.async_wait(token);
    } catch (const std::bad_alloc&) {
      // The same, tried again at once.
    }
  }
}

void Listener::Close() {
  Error ignored;
  acceptor_.close(ignored);
  file_.reset();
  pause_.cancel();
}

}  // namespace ws::transport
