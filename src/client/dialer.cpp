#include "client/dialer.hpp"

#include <fcntl.h>

#include "connection/asio_compat.hpp"
#include "ws/detail/transport/stream_adapter.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/host_name_verification.hpp>
#endif

namespace ws::client {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<Dialer::Result> Dialer::DialAsync(std::shared_ptr<Dialer> self, protocol::Url url,
                                                  protocol::Time deadline) {
  self->timer_.expires_at(deadline);
  self->timer_.async_wait([weak = self->weak_from_this()](Error cancelled) {
    const auto dialer = weak.lock();
    if (cancelled || !dialer) return;
    dialer->timed_out_ = true;
    dialer->Cancel();
  });
  Result result;
  result.error = co_await self->ConnectAsync(url, deadline);
  if (!result.error && url.secure) {
    result = co_await self->StartTlsAsync(url);
  } else if (!result.error) {
    result.stream = AdaptStream(std::move(self->socket_), self->strand_);
  }
  self->timer_.cancel();
  if (result.error && self->timed_out_) result.error = Errc::HandshakeTimeout;
  co_return result;
}

asio::awaitable<Error> Dialer::ConnectAsync(const protocol::Url& url, protocol::Time deadline) {
  if (cancelled_) co_return asio::error::operation_aborted;
  const Addresses found = co_await Resolver::ResolveAsync(resolver_, url.host, url.port);
  Error error = found.error ? found.error : asio::error::host_not_found;
  for (std::size_t index = 0; index < found.endpoints.size(); ++index) {
    if (cancelled_) co_return asio::error::operation_aborted;
    const protocol::Time now = std::chrono::steady_clock::now();
    const auto turns = static_cast<protocol::Duration::rep>(found.endpoints.size() - index);
    const protocol::Time until = deadline == protocol::Time::max() ? deadline : now + (deadline - now) / turns;
    error = co_await ConnectToAsync(found.endpoints[index], until);
    if (!error) break;
  }
  if (cancelled_) co_return asio::error::operation_aborted;
  co_return error;
}

// An address that does not answer must not use the time of the addresses after it.
asio::awaitable<Error> Dialer::ConnectToAsync(tcp::endpoint endpoint, protocol::Time deadline) {
  Error error, ignored;
  socket_.close(ignored);
  socket_.open(endpoint.protocol(), error);
  if (error) co_return error;
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  socket_.set_option(tcp::no_delay(true), ignored);
  attempt_timer_.expires_at(deadline);
  // A handler that was queued when its attempt ended must not end the next attempt.
  attempt_timer_.async_wait([weak = weak_from_this(), attempt = ++attempt_](Error cancelled) {
    const auto self = weak.lock();
    Error none;
    if (!cancelled && self && self->attempt_ == attempt) self->socket_.close(none);
  });
  std::tie(error) = co_await socket_.async_connect(endpoint, connection::as_tuple);
  ++attempt_;
  attempt_timer_.cancel();
  co_return error;
}

asio::awaitable<Dialer::Result> Dialer::StartTlsAsync(const protocol::Url& url) {
  Result result;
#if WS_HAS_TLS
  secure_ = std::make_unique<asio::ssl::stream<tcp::socket>>(std::move(socket_), *trust_);
  secure_->set_verify_mode(asio::ssl::verify_peer);
  secure_->set_verify_callback(asio::ssl::host_name_verification(url.host), result.error);
  Error no_name;
  asio::ip::make_address(url.host, no_name);  // RFC 6066 section 3: an IP address is no server name
  if (no_name) ::SSL_set_tlsext_host_name(secure_->native_handle(), url.host.c_str());
  if (!result.error)
    std::tie(result.error) = co_await secure_->async_handshake(asio::ssl::stream_base::client, connection::as_tuple);
  if (!result.error && cancelled_) result.error = asio::error::operation_aborted;
  if (!result.error) result.stream = AdaptStream(std::move(*secure_), strand_);
#else
  static_cast<void>(url);
  result.error = make_error_code(boost::system::errc::operation_not_supported);
#endif
  co_return result;
}

void Dialer::Cancel() {
  cancelled_ = true;
  resolver_->Cancel();
  Error ignored;
  socket_.close(ignored);
#if WS_HAS_TLS
  if (secure_) secure_->lowest_layer().close(ignored);
#endif
}

}  // namespace ws::client
