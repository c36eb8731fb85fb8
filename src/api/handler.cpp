#include "ws/handler.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "hub/registry.hpp"
#include "transport/as_tuple.hpp"
#include "transport/check_options.hpp"
#include "transport/connection.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/close_frame.hpp"
#include "ws/detail/protocol/message_frames.hpp"
#include "ws/detail/protocol/names.hpp"
#include "ws/detail/protocol/utf8.hpp"
#include "ws/target.hpp"

namespace ws {

namespace asio = boost::asio;
using transport::Connection;
using transport::Link;

namespace {

// Null where its home, if it has one, is no hub but a Client.
std::shared_ptr<hub::Registry> FindHub(const Connection& connection) {
  return std::dynamic_pointer_cast<hub::Registry>(connection.Settings().hub);
}

std::shared_ptr<hub::Registry> HubOf(const Connection& connection) {
  auto registry = FindHub(connection);
  if (!registry) throw std::logic_error("ws::Handler: groups need a hub (Options::hub)");
  return registry;
}

template <class T>
asio::awaitable<T> Ready(T value) {
  co_return value;
}

asio::awaitable<Error> OpenLink(std::shared_ptr<Link> link, asio::any_io_executor strand, transport::Opening opening) {
  const asio::any_io_executor here = co_await asio::this_coro::executor;
  // The caller's cancellation must not reach a co_spawn on another executor (asio#1332): it closes the link.
  auto upgrade = [&](auto handler) {
    transport::Completion<Error> waiter(here, std::move(handler));
    waiter.OnCancel([link, strand] { asio::post(strand, [link] { link->Abort(); }); });
    auto done = [waiter = std::move(waiter)](std::exception_ptr failure, Error result) mutable {
      if (failure) result = asio::error::no_memory;
      std::move(waiter).Complete([result] { return result; });
    };
    asio::co_spawn(strand, Link::Upgrade(link, std::move(opening)), std::move(done));
  };
  using transport::as_tuple;
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(upgrade, as_tuple);
  // Behind the caller's present turn, so that what it registers there misses nothing.
  if (!error) asio::post(here, [link] { link->Start(); });
  co_return error;
}

}  // namespace

Handler::Handler(Options options) : connection_(std::make_shared<Connection>(transport::Checked(std::move(options)))) {}

CallbackId Handler::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  return connection_->On(event, std::move(callback), order, once);
}

CallbackId Handler::RegisterAny(dispatch::CallbackPtr callback) {
  return connection_->Table().AddAny(std::move(callback));
}

CallbackId Handler::RegisterRaw(dispatch::CallbackPtr callback) {
  return connection_->Table().SetRaw(std::move(callback));
}

CallbackId Handler::RegisterGate(dispatch::CallbackPtr callback) {
  return connection_->Table().AddGate(std::move(callback));
}

void Handler::RegisterDrain(dispatch::CallbackPtr callback) {
  connection_->OnDrain(std::move(callback));
}

void Handler::Off(std::string_view event) {
  connection_->Table().Remove(event);
}

void Handler::Off(CallbackId token) {
  connection_->Table().Remove(token);
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
  return Connection::EmitWhenRoom(connection_, protocol::EventFrame(event, data));
}

Error Handler::Send(std::string_view bytes, MessageType type) {
  return connection_->Emit(protocol::RawFrame(bytes, type));
}

asio::awaitable<Error> Handler::SendAsync(std::string_view bytes, MessageType type) {
  return Connection::EmitWhenRoom(connection_, protocol::RawFrame(bytes, type));
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

BroadcastResult Handler::Broadcast(std::string_view event, const Json& data) {
  if (auto hub = FindHub(*connection_)) return Target(std::move(hub), {.everybody = true}).Emit(event, data);
  const Error error = Emit(event, data);
  if (error == Errc::InvalidEvent) return {.error = error};
  if (!error) return {.queued = 1};
  return error == Errc::Closed || connection_->IsClosing() ? BroadcastResult{.closed = 1}
                                                           : BroadcastResult{.dropped = 1};
}

void Handler::Ask(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
                  std::function<void(Reply)> callback) {
  connection_->Ask(connection_->Prepare(event, data), timeout, std::move(callback));
}

asio::awaitable<Reply> Handler::RequestAsync(std::string_view event, const Json& data,
                                             std::chrono::milliseconds timeout) {
  return Connection::AskAndWait(connection_, connection_->Prepare(event, data), timeout);
}

asio::awaitable<Error> Handler::Open(std::unique_ptr<ByteStream> stream, asio::any_io_executor strand,
                                     HttpRequest request, std::string leftover) {
  const auto link = std::make_shared<Link>(connection_, std::move(stream), strand);
  if (!link->Attach(request)) return Ready<Error>(Errc::Closed);
  const auto deadline = protocol::Later(std::chrono::steady_clock::now(), connection_->Settings().handshake_timeout);
  return OpenLink(link, std::move(strand), {std::move(request), std::move(leftover), deadline});
}

void Handler::Close(std::uint16_t code, std::string_view text) {
  if (!protocol::IsSendableCode(code)) code = 1000;
  // As it will stand in the frame.
  std::string sent = protocol::MakeClosePayload(code, text).substr(2);
  const bool unauthorized = code == 3000 || code == 3003;
  connection_->Close(
      {unauthorized ? EndReason::Unauthorized : EndReason::LocalClose, code, std::move(sent), false, {}});
}

asio::awaitable<Error> Handler::CloseAsync(std::uint16_t code, std::string_view text) {
  Close(code, text);
  return Connection::UntilEnded(connection_);
}

asio::awaitable<Error> Handler::ClosedAsync() {
  return Connection::UntilOver(connection_);
}

std::uint64_t Handler::Id() const noexcept {
  return connection_->Id();
}

const Json& Handler::Identity() const noexcept {
  return connection_->Identity();
}

bool Handler::IsConnected() const noexcept {
  return connection_->IsOpen();
}

ConnectionStats Handler::Stats() const {
  return connection_->Stats();
}

const HttpRequest& Handler::Handshake() const noexcept {
  return connection_->Handshake();
}

const std::string& Handler::Subprotocol() const noexcept {
  return connection_->Subprotocol();
}

std::any& Handler::DataSlot(std::any (*make)()) {
  return connection_->DataSlot(make);
}

}  // namespace ws
