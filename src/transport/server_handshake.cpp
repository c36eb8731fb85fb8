#include "transport/server_handshake.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "transport/http_response.hpp"
#include "transport/stream_io.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::UpgradeRejection;

namespace {

UpgradeRejection ServerError() {
  return {500, "the server failed"};
}

}  // namespace

asio::awaitable<Error> ServerHandshake::RunAsync(const UpgradeRequest& upgrade) {
  if (cancelled_) co_return Errc::Closed;
  Json identity;
  std::optional<UpgradeRejection> rejection = co_await CheckAsync(upgrade.request, identity);
  if (HasEnded()) co_return Errc::Closed;
  std::string response;
  if (!rejection) {
    std::string subprotocol(protocol::ChooseSubprotocol(upgrade.request, connection_.Settings().subprotocols));
    connection_.SetHandshakeResult(std::move(identity), subprotocol);
    accepted_ = true;
    rejection = Accept(upgrade);
    if (!rejection && codec_.Accept(upgrade.request, subprotocol, response))
      rejection = UpgradeRejection{400, "not a valid upgrade request"};
  }
  if (rejection) {
    const Error error = co_await RejectAsync(std::move(*rejection), upgrade.request);
    co_return error ? error : Errc::Refused;
  }
  const Error error = co_await WriteAllAsync(stream_, response);
  if (!error && cancelled_) co_return Errc::Closed;
  co_return error;
}

void ServerHandshake::Cancel() {
  cancelled_ = true;
  cancel_authorize_.emit(asio::cancellation_type::terminal);
}

asio::awaitable<std::optional<UpgradeRejection>> ServerHandshake::CheckAsync(const HttpRequest& request,
                                                                             Json& identity) {
  const Options& options = connection_.Settings();
  try {
    const protocol::UpgradeRules rules{options.allowed_origins, options.allowed_hosts, options.check_origin};
    if (auto rejection = protocol::CheckUpgradeRequest(request, rules)) co_return rejection;
    if (!options.authorize) co_return std::nullopt;
    Authorization authorization = co_await AuthorizeAsync(request);
    if (!authorization.accepted) co_return UpgradeRejection{authorization.status, authorization.text};
    identity = std::move(authorization.identity);
    co_return std::nullopt;
  } catch (const std::exception& failure) {
    if (!cancelled_) connection_.Log(LogLevel::Severe, "authorize threw", failure.what());
  } catch (...) {
    connection_.Log(LogLevel::Severe, "authorize threw");
  }
  co_return ServerError();
}

asio::awaitable<Authorization> ServerHandshake::AuthorizeAsync(const HttpRequest& request) {
  const Authorizer& authorize = connection_.Settings().authorize;
  if (authorize.Plain()) co_return authorize.Plain()(request);
  asio::awaitable<Authorization> decision = authorize.Awaited()(request);
  auto token = asio::bind_cancellation_slot(cancel_authorize_.slot(), asio::use_awaitable);
  co_return co_await asio::co_spawn(strand_, std::move(decision), token);
}

std::optional<UpgradeRejection> ServerHandshake::Accept(const UpgradeRequest& upgrade) {
  try {
    if (upgrade.on_accepted) upgrade.on_accepted();
    return std::nullopt;
  } catch (const std::exception& failure) {
    connection_.Log(LogLevel::Severe, "a route's callback threw", failure.what());
  } catch (...) {
    connection_.Log(LogLevel::Severe, "a route's callback threw");
  }
  return ServerError();
}

asio::awaitable<Error> ServerHandshake::RejectAsync(UpgradeRejection rejection, const HttpRequest& request) {
  const std::string host(request.Header("Host")), origin(request.Header("Origin"));
  connection_.Log(LogLevel::Info, "an upgrade was refused", rejection.text + "; Host " + host + ", Origin " + origin);
  const std::string response = Serialize(ToResponse(rejection), false, request.method == "HEAD");
  co_return co_await WriteAllAsync(stream_, response);
}

}  // namespace ws::transport
