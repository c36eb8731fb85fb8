// One WebSocket connection.
#pragma once

#include <any>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ws/callback.hpp"
#include "ws/close_reason.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/reply_callback.hpp"
#include "ws/detail/transport/stream_adapter.hpp"
#include "ws/error.hpp"
#include "ws/event_callbacks.hpp"
#include "ws/http.hpp"
#include "ws/json.hpp"
#include "ws/message.hpp"
#include "ws/options.hpp"
#include "ws/reply.hpp"
#include "ws/stats.hpp"

namespace ws {

namespace dispatch {
class EventTable;
}

class Target;

// A handle to one connection, cheap to copy. Copies refer to the same connection. A running connection stays alive
// without a handle, and a handle stays valid after the connection has ended.
//
// Every verb may be called from any thread, also inside callbacks. After the end every verb returns Errc::Closed.
//
// The verbs that register callbacks (On, OnTyped, Once, OnAny, OnMessage, Use, Off) are in ws/event_callbacks.hpp.
// Register callbacks before Init to miss no message.
class Handler : public EventCallbacks<Handler> {
 public:
  // Throws std::logic_error if an option is invalid.
  explicit Handler(Options options = {});
  // For the library itself.
  explicit Handler(dispatch::ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}

  // Calls `callback` when the write queue was full and has drained to a quarter of its bounds. The callback is
  // (ws::Handler&) or (), and replaces an earlier one. If the connection ends first, it may not be called.
  template <class Callback>
  void OnDrain(Callback&& callback) {
    SetOnDrain(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }

  // Queues an event with its data. `data` is anything that converts to Json, or braces: {{"key", value}} is an object,
  // {} is the empty object; without `data` the event has none. Serialises in the calling thread and never blocks.
  // Before the connection is open, the event is queued. Errors: Closed, QueueFull, TooLarge, InvalidEvent.
  Error Emit(std::string_view event, const Json& data = nullptr);
  Error Emit(std::string_view event, JsonObject data) { return Emit(event, JsonMember::MakeObject(data)); }

  // Like Emit, for data that is worthless if it is late, such as a cursor position. Returns QueueFull if the event
  // would fill more than a quarter of the write queue, and Closed if the connection is not open.
  Error EmitVolatile(std::string_view event, const Json& data = nullptr);
  Error EmitVolatile(std::string_view event, JsonObject data) {
    return EmitVolatile(event, JsonMember::MakeObject(data));
  }

  // Like Emit, but sends one binary message: the event with its data, then `bytes`. The peer must know this format.
  Error EmitBinary(std::string_view event, const Json& data, std::string_view bytes);
  Error EmitBinary(std::string_view event, JsonObject data, std::string_view bytes) {
    return EmitBinary(event, JsonMember::MakeObject(data), bytes);
  }

  // Like Emit, but waits until the write queue has room. Waiting callers are served in order. The wait can be
  // cancelled, and fails with Closed if the connection ends.
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, const Json& data = nullptr);
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, JsonObject data) {
    return EmitAsync(event, JsonMember::MakeObject(data));
  }

  // Queues a data message as it is, without an event. In a Text message each invalid UTF-8 sequence becomes U+FFFD.
  Error Send(std::string_view bytes, MessageType type = MessageType::Text);
  // Like Send, but waits until the write queue has room.
  boost::asio::awaitable<Error> SendAsync(std::string_view bytes, MessageType type = MessageType::Text);

  // Emits an event and calls `callback` on the pool with the reply, exactly once: (const ws::Reply& reply). Every
  // failure is such a reply, also that the event could not be sent. A timeout of zero is Options::request_timeout. A
  // request that fails while it is still queued is not sent. The callback is not called if the last handle is destroyed
  // before Init and the request has no timeout.
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    SendRequest(event, data, timeout, dispatch::MakeReplyCallback<Reply>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, JsonObject data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Request(event, JsonMember::MakeObject(data), std::forward<Callback>(callback), timeout);
  }
  // A request without data.
  template <class Callback>
  void Request(std::string_view event, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Request(event, Json(), std::forward<Callback>(callback), timeout);
  }
  // Like Request, but waits for the reply.
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, const Json& data = nullptr,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero());
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, JsonObject data,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    return RequestAsync(event, JsonMember::MakeObject(data), timeout);
  }

  // Groups of the connection's hub (Options::hub, or the hub of its Server). Membership ends when the transport ends;
  // after that Join returns Closed. Without a hub, Join, Leave, To and Others throw std::logic_error.
  Error Join(std::string_view group);
  void Leave(std::string_view group);
  // The members of a group, without this connection. See ws/target.hpp.
  Target To(std::string_view group) const;
  // All connections of the hub, without this one.
  Target Others() const;
  // Emits to all connections of the hub, this one included; use Others() to leave this one out. Without a hub, emits to
  // this connection only.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr);
  BroadcastResult Broadcast(std::string_view event, JsonObject data) {
    return Broadcast(event, JsonMember::MakeObject(data));
  }

  // Answers the HTTP request that asks for a WebSocket on this stream, and starts the connection. The stream is a TCP
  // socket, a beast::tcp_stream, a TLS stream, or any other AsyncStream. `request` is Beast's, with any body type;
  // `leftover` holds the bytes that were read beyond it. Both are copied before Init returns. Completes after the
  // handshake. Errors: Refused (the client got an HTTP error), HandshakeTimeout, Closed, or that of the transport.
  template <class Stream, class Request, class Leftover = std::string_view>
  boost::asio::awaitable<Error> Init(Stream stream, const Request& request, const Leftover& leftover = {}) {
    HttpRequest plain;
    plain.method = std::string(std::string_view(request.method_string()));
    plain.target = std::string(std::string_view(request.target()));
    plain.version = static_cast<int>(request.version());
    for (const auto& field : request) {
      plain.headers.emplace_back(std::string_view(field.name_string()), std::string_view(field.value()));
    }
    return InitPlain(std::move(stream), std::move(plain), leftover);
  }
  // Like the other Init, for a request of the library's own type.
  template <class Stream, class Leftover = std::string_view>
  boost::asio::awaitable<Error> Init(Stream stream, const HttpRequest& request, const Leftover& leftover = {}) {
    return InitPlain(std::move(stream), request, leftover);
  }

  // Closes the connection: accepts no new messages, flushes the write queue, and exchanges close frames. Messages that
  // wait for a callback are discarded. Idempotent, and allowed in a callback. A code that may not be sent becomes 1000;
  // the codes 3000 and 3003 end the connection with EndReason::Unauthorized.
  void Close(std::uint16_t code = 1000, std::string_view text = {});
  // Like Close, and completes when the transport has ended. Does not wait for callbacks.
  boost::asio::awaitable<Error> CloseAsync(std::uint16_t code = 1000, std::string_view text = {});
  // Completes when the last callback, `disconnect`, has returned. Inside one of the connection's own callbacks it fails
  // with WouldDeadlock.
  boost::asio::awaitable<Error> ClosedAsync();

  // Unique in this process.
  std::uint64_t Id() const noexcept;
  // The identity that Options::authorize accepted the connection with; null if there is none.
  const Json& Identity() const noexcept;
  // The application's own data for this connection, default-constructed at the first call. One connection holds one
  // type; another T throws std::logic_error. The application synchronises access to it. It is destroyed with the last
  // handle, so it must not hold a handle to its own connection.
  template <class T>
  T& Data() {
    auto& slot = DataSlot([] { return std::any(std::make_shared<T>()); });
    const auto* data = std::any_cast<std::shared_ptr<T>>(&slot);
    if (data == nullptr) throw std::logic_error("ws::Handler::Data: this connection holds data of another type");
    return **data;
  }
  bool IsConnected() const noexcept;
  ConnectionStats Stats() const;
  // The request that opened the connection; empty before Init.
  const HttpRequest& Handshake() const noexcept;
  // The negotiated subprotocol; empty if there is none.
  const std::string& Subprotocol() const noexcept;

  // True if both handles refer to the same connection.
  friend bool operator==(const Handler& a, const Handler& b) noexcept { return a.connection_ == b.connection_; }

 private:
  template <class Stream, class Leftover>
  boost::asio::awaitable<Error> InitPlain(Stream stream, HttpRequest request, const Leftover& leftover) {
    const RemoteEndpoint remote = RemoteOf(stream);
    request.remote_address = remote.address;
    request.remote_port = remote.port;
    request.secure = request.secure || requires {
      stream.async_shutdown([](Error) {});
    };
    std::string rest;
    if constexpr (std::convertible_to<const Leftover&, std::string_view>) {
      rest = std::string_view(leftover);
    } else {
      rest.resize(boost::asio::buffer_size(leftover.data()));
      boost::asio::buffer_copy(boost::asio::buffer(rest), leftover.data());
    }
    boost::asio::any_io_executor strand = MakeStrand(stream.get_executor());
    return Open(AdaptStream(std::move(stream), strand), strand, std::move(request), std::move(rest));
  }

  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  dispatch::EventTable& Table() noexcept;
  void SetOnDrain(dispatch::CallbackPtr callback);
  void SendRequest(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
                   std::function<void(Reply)> callback);
  boost::asio::awaitable<Error> Open(std::unique_ptr<ByteStream> stream, boost::asio::any_io_executor strand,
                                     HttpRequest request, std::string leftover);
  std::any& DataSlot(std::any (*make)());

  friend class BroadcastGroup;
  friend class EventCallbacks<Handler>;
  friend class Target;

  dispatch::ConnectionPtr connection_;
};

}  // namespace ws
