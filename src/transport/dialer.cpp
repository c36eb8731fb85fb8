#include "transport/dialer.hpp"

#include <fcntl.h>

#include "transport/as_tuple.hpp"
#include "ws/detail/transport/stream_adapter.hpp"

#if WS_HAS_TLS
#include <boost/asio/ssl/host_name_verification.hpp>
#endif

namespace ws::transport {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::awaitable<Dialer::Dialled> Dialer::Dial(std::shared_ptr<Dialer> self, protocol::Url url,
                                              protocol::Time deadline) {
  self->timer_.expires_at(deadline);
  self->timer_.async_wait([weak = self->weak_from_this()](Error cancelled) {
    const auto dialer = weak.lock();
    if (cancelled || !dialer) return;
    dialer->timed_out_ = true;
    dialer->Cancel();
  });
  Dialled dialled;
  dialled.error = co_await self->Connect(url, deadline);
  if (!dialled.error && url.secure) {
    dialled = co_await self->Secure(url);
  } else if (!dialled.error) {
    dialled.stream = AdaptStream(std::move(self->socket_), self->strand_);
  }
  self->timer_.cancel();
  if (dialled.error && self->timed_out_) dialled.error = Errc::HandshakeTimeout;
  co_return dialled;
}

asio::awaitable<Error> Dialer::Connect(const protocol::Url& url, protocol::Time deadline) {
  if (cancelled_) co_return asio::error::operation_aborted;
  const Addresses found = co_await Resolution::Run(resolution_, url.host, url.port);
  Error error = found.error ? found.error : asio::error::host_not_found;
  for (std::size_t index = 0; index < found.endpoints.size(); ++index) {
    if (cancelled_) co_return asio::error::operation_aborted;
    const protocol::Time now = std::chrono::steady_clock::now();
    const auto turns = static_cast<protocol::Duration::rep>(found.endpoints.size() - index);
    const protocol::Time until = deadline == protocol::Time::max() ? deadline : now + (deadline - now) / turns;
    error = co_await ConnectTo(found.endpoints[index], until);
    if (!error) break;
  }
  if (cancelled_) co_return asio::error::operation_aborted;
  co_return error;
}

// One that does not answer must not take the time of those after it.
asio::awaitable<Error> Dialer::ConnectTo(tcp::endpoint endpoint, protocol::Time deadline) {
  Error error, ignored;
  socket_.close(ignored);
  socket_.open(endpoint.protocol(), error);
  if (error) co_return error;
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  socket_.set_option(tcp::no_delay(true), ignored);
  turn_.expires_at(deadline);
  // A handler that was on its way when its attempt ended must not end the next.
  turn_.async_wait([weak = weak_from_this(), attempt = ++attempt_](Error cancelled) {
    const auto self = weak.lock();
    Error none;
    if (!cancelled && self && self->attempt_ == attempt) self->socket_.close(none);
  });
  std::tie(error) = co_await socket_.async_connect(endpoint, as_tuple);
  ++attempt_;
  turn_.cancel();
  co_return error;
}

asio::awaitable<Dialer::Dialled> Dialer::Secure(const protocol::Url& url) {
  Dialled dialled;
#if WS_HAS_TLS
  secure_ = std::make_unique<asio::ssl::stream<tcp::socket>>(std::move(socket_), *trust_);
  secure_->set_verify_mode(asio::ssl::verify_peer);
  secure_->set_verify_callback(asio::ssl::host_name_verification(url.host), dialled.error);
  Error no_name;
  asio::ip::make_address(url.host, no_name);  // RFC 6066 3: addresses are not named
  if (no_name) ::SSL_set_tlsext_host_name(secure_->native_handle(), url.host.c_str());
  if (!dialled.error)
    std::tie(dialled.error) = co_await secure_->async_handshake(asio::ssl::stream_base::client, as_tuple);
  if (!dialled.error && cancelled_) dialled.error = asio::error::operation_aborted;
  if (!dialled.error) dialled.stream = AdaptStream(std::move(*secure_), strand_);
#else
  static_cast<void>(url);
  dialled.error = make_error_code(boost::system::errc::operation_not_supported);
#endif
  co_return dialled;
}

void Dialer::Cancel() {
  cancelled_ = true;
  resolution_->Abandon();
  Error ignored;
  socket_.close(ignored);
#if WS_HAS_TLS
  if (secure_) secure_->lowest_layer().close(ignored);
#endif
}

}  // namespace ws::transport
