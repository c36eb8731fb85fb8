#include "ws/handler.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "api/check_options.hpp"
#include "connection/async_verbs.hpp"
#include "hub/registry.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/names.hpp"
#include "ws/detail/protocol/utf8.hpp"
#include "ws/target.hpp"

namespace ws {

namespace asio = boost::asio;
using connection::Connection;
using transport::Link;

namespace {

// The connection's hub. Null if it has none; the connections of a Client belong to the client, which is no hub.
std::shared_ptr<hub::Registry> FindHub(const Connection& connection) {
  return std::dynamic_pointer_cast<hub::Registry>(connection.Settings().hub);
}

std::shared_ptr<hub::Registry> HubOf(const Connection& connection) {
  auto registry = FindHub(connection);
  if (!registry)
    throw std::logic_error("ws::Handler: Join, Leave, To and Others need a hub; set Options::hub, or use a ws::Server");
  return registry;
}

template <class T>
asio::awaitable<T> Ready(T value) {
  co_return value;
}

asio::awaitable<Error> OpenLink(std::shared_ptr<Link> link, asio::any_io_executor strand,
                                transport::UpgradeRequest upgrade_request) {
  const asio::any_io_executor here = co_await asio::this_coro::executor;
  // The caller's cancellation closes the link. It must not reach a co_spawn on another executor (asio#1332, fixed in
  // Asio 1.28.2).
  auto upgrade = [&](auto handler) {
    connection::Completion<Error> waiter(here, std::move(handler));
    waiter.OnCancel([link] { link->Abort(); });
    auto done = [waiter = std::move(waiter)](std::exception_ptr failure, Error result) mutable {
      if (failure) result = asio::error::no_memory;
      std::move(waiter).Complete([result] { return result; });
    };
    asio::co_spawn(strand, Link::AcceptAsync(link, std::move(upgrade_request)), std::move(done));
  };
  using connection::as_tuple;
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(upgrade, as_tuple);
  // Posted, so that callbacks which the caller registers right after Init miss no message.
  if (!error) asio::post(here, [link] { link->Start(); });
  co_return error;
}

}  // namespace

Handler::Handler(Options options) : connection_(std::make_shared<Connection>(api::Checked(std::move(options)))) {}

CallbackId Handler::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  return connection_->On(event, std::move(callback), order, once);
}

dispatch::EventTable& Handler::Table() noexcept {
  return connection_->Callbacks();
}

void Handler::SetOnDrain(dispatch::CallbackPtr callback) {
  connection_->OnDrain(std::move(callback));
}

Error Handler::Emit(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return connection_->Emit(protocol::EventFrame(event, data));
}

Error Handler::EmitVolatile(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return connection_->EmitVolatile(protocol::EventFrame(event, data));
}

Error Handler::EmitBinary(std::string_view event, const Json& data, std::string_view bytes) {
  if (!protocol::IsEmittable(event)) return Errc::InvalidEvent;
  return connection_->Emit(protocol::BinaryEventFrame(event, data, bytes));
}

asio::awaitable<Error> Handler::EmitAsync(std::string_view event, const Json& data) {
  if (!protocol::IsEmittable(event)) return Ready<Error>(Errc::InvalidEvent);
  return connection::EmitAsync(connection_, protocol::EventFrame(event, data));
}

Error Handler::Send(std::string_view bytes, MessageType type) {
  return connection_->Emit(protocol::RawFrame(bytes, type));
}

asio::awaitable<Error> Handler::SendAsync(std::string_view bytes, MessageType type) {
  return connection::EmitAsync(connection_, protocol::RawFrame(bytes, type));
}

Error Handler::Join(std::string_view group) {
  return HubOf(*connection_)->Join(connection_, group) ? Error() : Errc::Closed;
}

void Handler::Leave(std::string_view group) {
  HubOf(*connection_)->Leave(*connection_, group);
}

Target Handler::To(std::string_view group) const {
  return Target(HubOf(*connection_), {.groups = {std::string(group)}, .except = {connection_}});
}

Target Handler::Others() const {
  return Target(HubOf(*connection_), {.everybody = true, .except = {connection_}});
}

BroadcastResult Handler::Broadcast(std::string_view event, const Json& data) {
  if (auto hub = FindHub(*connection_)) return Target(std::move(hub), {.everybody = true}).Emit(event, data);
  const Error error = Emit(event, data);
  if (error == Errc::InvalidEvent) return {.error = error};
  if (!error) return {.queued = 1};
  return error == Errc::Closed || connection_->IsClosing() ? BroadcastResult{.closed = 1}
                                                           : BroadcastResult{.dropped = 1};
}

void Handler::SendRequest(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
                          std::function<void(Reply)> callback) {
  connection_->SendRequest(connection::PrepareRequest(event, data), timeout, std::move(callback));
}

asio::awaitable<Reply> Handler::RequestAsync(std::string_view event, const Json& data,
                                             std::chrono::milliseconds timeout) {
  return connection::RequestAsync(connection_, connection::PrepareRequest(event, data), timeout);
}

asio::awaitable<Error> Handler::Open(std::unique_ptr<ByteStream> stream, asio::any_io_executor strand,
                                     HttpRequest request, std::string leftover) {
  const auto link = std::make_shared<Link>(connection_, std::move(stream), strand);
  if (!link->Attach(request)) return Ready<Error>(Errc::Closed);
  const auto deadline =
      protocol::DeadlineAfter(std::chrono::steady_clock::now(), connection_->Settings().handshake_timeout);
  return OpenLink(link, std::move(strand), {std::move(request), std::move(leftover), deadline});
}

void Handler::Close(std::uint16_t code, std::string_view text) {
  if (!protocol::IsSendableCode(code)) code = protocol::close_code::normal_closure;
  // Cut to the length that fits into a close frame.
  std::string sent = protocol::MakeClosePayload(code, text).substr(2);
  const bool unauthorized = code == protocol::close_code::unauthorized || code == protocol::close_code::forbidden;
  connection_->Close(
      {unauthorized ? EndReason::Unauthorized : EndReason::LocalClose, code, std::move(sent), false, {}});
}

asio::awaitable<Error> Handler::CloseAsync(std::uint16_t code, std::string_view text) {
  Close(code, text);
  return connection::DisconnectedAsync(connection_);
}

asio::awaitable<Error> Handler::ClosedAsync() {
  return connection::FinishedAsync(connection_);
}

std::uint64_t Handler::Id() const noexcept {
  return connection_->Id();
}

const Json& Handler::Identity() const noexcept {
  return connection_->Handshake().Identity();
}

bool Handler::IsConnected() const noexcept {
  return connection_->IsOpen();
}

ConnectionStats Handler::Stats() const {
  return connection_->Stats();
}

const HttpRequest& Handler::Handshake() const noexcept {
  return connection_->Handshake().Request();
}

const std::string& Handler::Subprotocol() const noexcept {
  return connection_->Handshake().Subprotocol();
}

std::any& Handler::DataSlot(std::any (*make)()) {
  return connection_->Data().Get(make);
}

}  // namespace ws
