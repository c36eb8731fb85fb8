// From the HTTP request to the open connection.
#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/http_answer.hpp"
#include "transport/link.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Refusal;

asio::awaitable<Error> Link::Upgrade(std::shared_ptr<Link> self, Opening opening) {
  Error error;
  try {
    self->ArmHandshake(opening.deadline);
    error = co_await self->TryUpgrade(opening);
  } catch (const boost::system::system_error& failure) {
    error = failure.code();
  } catch (const std::bad_alloc&) {
    error = asio::error::no_memory;
  }
  self->timer_.cancel();
  if (!error) co_return error;
  if (self->phase_ == Phase::Ended || (self->close_wanted_ && error != Errc::Refused)) {
    error = Errc::Closed;
  } else if (self->timed_out_) {
    error = Errc::HandshakeTimeout;
  }
  self->phase_ = Phase::Ended;
  self->connection_->End({EndReason::TransportError, 1006, {}, false, error});
  self->clean_ = error == Errc::Refused;  // who was refused may read why
  asio::co_spawn(self->strand_, LastRites(self), asio::detached);
  co_return error;
}

asio::awaitable<void> Link::LastRites(std::shared_ptr<Link> self) {
  co_await self->SeeOff();
}

asio::awaitable<Error> Link::TryUpgrade(Opening& opening) {
  if (phase_ == Phase::Ended) co_return Errc::Closed;  // before it began
  Json identity;
  std::optional<Refusal> refusal = co_await Judge(opening.request, identity);
  if (connection_->IsClosing() || phase_ == Phase::Ended || timed_out_) co_return Errc::Closed;
  std::string subprotocol;
  if (!refusal) {
    subprotocol = protocol::ChooseSubprotocol(opening.request, connection_->Settings().subprotocols);
    connection_->Admit(std::move(identity), subprotocol);
    accepted_ = true;
    try {
      if (opening.accepted) opening.accepted();
    } catch (const std::exception& failure) {
      connection_->Log(LogLevel::Severe, "a route's callback threw", failure.what());
      refusal = Refusal{500, "the server failed"};
    } catch (...) {
      connection_->Log(LogLevel::Severe, "a route's callback threw");
      refusal = Refusal{500, "the server failed"};
    }
  }
  if (!refusal && codec_.Accept(opening.request, subprotocol, output_))
    refusal = Refusal{400, "no valid upgrade request"};
  if (refusal) {
    const Error error = co_await Refuse(std::move(*refusal), opening.request);
    co_return error ? error : Errc::Refused;
  }
  FillBuffers();
  const Error error = co_await WriteAll();
  if (error) co_return error;
  if (phase_ == Phase::Ended) co_return Errc::Closed;
  std::string().swap(output_);
  Begin(opening.leftover);
  co_return Error();
}

// Before the application's word the handshake ends. Behind it the answer leaves first, in the time that closing has.
void Link::CloseEarly(CloseReason reason) {
  if (!accepted_) return Abort();
  if (std::exchange(close_wanted_, true)) return;
  reason_ = std::move(reason);
  closing_.Start(Now());
  ArmHandshake(std::min(timer_.expiry(), closing_.At()));
}

void Link::Begin(std::string_view leftover) {
  phase_ = Phase::Open;
  connection_->Open();
  codec_.Feed(leftover);
  codec_.Keep();
  if (close_wanted_) Close(std::move(reason_));
}

asio::awaitable<std::optional<Refusal>> Link::Judge(const HttpRequest& request, Json& identity) {
  const Options& options = connection_->Settings();
  try {
    const protocol::UpgradeRules rules{options.allowed_origins, options.allowed_hosts, options.check_origin};
    if (auto refusal = protocol::CheckUpgrade(request, rules)) co_return refusal;
    if (!options.authorize) co_return std::nullopt;
    Authorization said = co_await Ask(request);
    if (!said.accepted) co_return Refusal{said.status, said.text};
    identity = std::move(said.identity);
    co_return std::nullopt;
  } catch (const std::exception& failure) {
    if (phase_ != Phase::Ended && !timed_out_) connection_->Log(LogLevel::Severe, "authorize threw", failure.what());
  } catch (...) {
    connection_->Log(LogLevel::Severe, "authorize threw");
  }
  co_return Refusal{500, "the server failed"};
}

asio::awaitable<Authorization> Link::Ask(const HttpRequest& request) {
  const Authorizer& authorize = connection_->Settings().authorize;
  if (authorize.Plain()) co_return authorize.Plain()(request);
  asio::awaitable<Authorization> decision = authorize.Awaited()(request);
  auto token = asio::bind_cancellation_slot(stop_authorize_.slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(strand_, std::move(decision), token);
}

asio::awaitable<Error> Link::Refuse(Refusal refusal, const HttpRequest& request) {
  const std::string host(request.Header("Host")), origin(request.Header("Origin"));
  connection_->Log(LogLevel::Info, "an upgrade was refused", refusal.text + "; Host " + host + ", Origin " + origin);
  output_ = Serialize(ToResponse(refusal), false, request.method == "HEAD");
  FillBuffers();
  co_return co_await WriteAll();
}

void Link::ArmHandshake(protocol::Time deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](Error error) {
    if (error) return;
    self->timed_out_ = true;
    self->stop_authorize_.emit(asio::cancellation_type::terminal);
    self->stream_->Close();
  });
}

}  // namespace ws::transport
