// One connection, as its user holds it.
#pragma once

#include <any>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ws/callback.hpp"
#include "ws/close_reason.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/typed.hpp"
#include "ws/detail/transport/stream_adapter.hpp"
#include "ws/error.hpp"
#include "ws/http.hpp"
#include "ws/json.hpp"
#include "ws/message.hpp"
#include "ws/options.hpp"
#include "ws/reply.hpp"
#include "ws/stats.hpp"

namespace ws {

class Target;

// A cheap, copyable handle to one connection; it stays valid after the connection has ended. Every verb may be
// called from any thread. The connection itself lives as long as it runs, whether or not handles exist.
// After the end every verb answers Closed and touches no executor.
class Handler {
 public:
  // Throws std::logic_error where an option makes no sense.
  explicit Handler(Options options = {});
  explicit Handler(dispatch::ConnectionPtr connection) noexcept : connection_(std::move(connection)) {}

  // Calls `callback` for each message of that name, in order of arrival, on the pool. It is of one of the shapes
  // (Handler&, const Json&), (const Json&), (Handler&), (), (Handler&, const Message&), and returns nothing, the
  // reply, a Failure, or an awaitable of one of these. `connect` and `disconnect` are the connection's own events.
  // The token is None once the connection is over.
  template <class Callback>
  CallbackId On(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), order, false);
  }
  // As On, for one message only.
  template <class Callback>
  CallbackId Once(std::string_view event, Callback&& callback) {
    return Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), Order::Sequential, true);
  }
  // As On, for a callback that takes a type with from_json: (const T&) or (Handler&, const T&). Data that does
  // not fit is answered with `invalid_payload` and the place. A generic callback names T.
  template <class T = void, class Callback>
  CallbackId OnTyped(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeTypedCallback<T, Handler>(std::forward<Callback>(callback)), order, false);
  }
  // Hears every message of the peer, after the event's own callbacks.
  template <class Callback>
  CallbackId OnAny(Callback&& callback) {
    return RegisterAny(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // Judges every event of the peer before its callbacks run: a Failure that it returns (its code is `unauthorized`
  // where it names none), or a throw, is the answer, and the callbacks are left out. Of the shapes of On; returns
  // std::optional<Failure>, nothing, or an awaitable of these.
  template <class Callback>
  CallbackId Use(Callback&& callback) {
    return RegisterGate(dispatch::MakeGate<Handler>(std::forward<Callback>(callback)));
  }
  // Takes every data message as it came, instead of events: Message::Payload and Type. One at a time.
  template <class Callback>
  CallbackId OnMessage(Callback&& callback) {
    return RegisterRaw(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // Called on the pool when a write queue that was full is down to a quarter: (Handler&) or (). Where the
  // connection ends first it may not be called; a Client's next connection does so then.
  template <class Callback>
  void OnDrain(Callback&& callback) {
    RegisterDrain(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // Takes away all callbacks of an event, or the one of a token. A callback that runs is not interrupted.
  void Off(std::string_view event);
  void Off(CallbackId token);

  // Queues {"event","data"}. Serialises here, never blocks, never throws for what data holds. Errors: Closed,
  // QueueFull, TooLarge, InvalidEvent. Before the connection is open it queues. `{}` is null to Json: an empty
  // object is Json::object().
  Error Emit(std::string_view event, const Json& data = nullptr);
  // As Emit, for what is worthless when late: refused where it would fill more than a quarter of the queue, or where
  // the connection is not open.
  Error EmitVolatile(std::string_view event, const Json& data = nullptr);
  // As Emit, in a binary message with `bytes` behind the envelope; a client must know of it (PROTOCOL.md 1).
  Error EmitBinary(std::string_view event, const Json& data, std::string_view bytes);
  // As Emit, but waits for room; first come, first served. Fails with Closed, and can be cancelled.
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, const Json& data = nullptr);
  // Sends a data message as it is. A Text must be valid UTF-8: what is not becomes U+FFFD.
  Error Send(std::string_view bytes, MessageType type = MessageType::Text);
  // As Send, but waits for room.
  boost::asio::awaitable<Error> SendAsync(std::string_view bytes, MessageType type = MessageType::Text);

  // Groups of the handler's hub (Options::hub, or its Server's). Membership ends with the transport. Join answers
  // Closed where that has ended; without a hub these three throw std::logic_error.
  Error Join(std::string_view group);
  void Leave(std::string_view group);
  // The group without this connection; see ws/target.hpp.
  Target To(std::string_view group) const;
  // Emits to everybody in the handler's hub; without one, to itself.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr);

  // Emits with an id and calls back on the pool with the reply, once, whatever happens; but not where the last handle
  // goes before Init and there is no deadline. A timeout of zero is Options::request_timeout. What cannot be sent is
  // told by the reply too. One that fails while it waits in the queue is not sent.
  template <class Callback>
  requires std::invocable<Callback&, Reply>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    auto shared = std::make_shared<std::decay_t<Callback>>(std::forward<Callback>(callback));
    Ask(event, data, timeout, [shared](Reply reply) { (*shared)(std::move(reply)); });
  }
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, const Json& data = nullptr,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero());

  // Answers the HTTP request that asks for a WebSocket on this stream, and runs the connection: a TCP socket, a
  // beast::tcp_stream, a TLS stream, or any other AsyncStream. `request` is Beast's, of any body type; `leftover`
  // the bytes read beyond it. Copies what it needs before it returns. Errors: Refused (the client got an HTTP
  // answer), HandshakeTimeout, Closed, or the transport's.
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
  // The same for a request of the library's own type.
  template <class Stream, class Leftover = std::string_view>
  boost::asio::awaitable<Error> Init(Stream stream, const HttpRequest& request, const Leftover& leftover = {}) {
    return InitPlain(std::move(stream), request, leftover);
  }

  // Ends the connection: accepts no new messages, flushes the queue, exchanges close frames. Messages that wait for a
  // callback are discarded. Idempotent; legal in a callback. Wrong codes become 1000; 3000, 3003 end as Unauthorized.
  void Close(std::uint16_t code = 1000, std::string_view text = {});
  // Closes, and completes when the transport has ended; waits for no callback.
  boost::asio::awaitable<Error> CloseAsync(std::uint16_t code = 1000, std::string_view text = {});
  // Completes when all is over, `disconnect` included. WouldDeadlock inside one of the connection's own callbacks.
  boost::asio::awaitable<Error> ClosedAsync();

  // Unique in this process.
  std::uint64_t Id() const noexcept;
  // What `authorize` attached; null without.
  const Json& Identity() const noexcept;
  // The application's own data on this connection, made when first asked for. One type a connection, else
  // std::logic_error. Its members are for the application to guard. It lives as long as a handle does, so it must
  // not hold this connection's.
  template <class T>
  T& Data() {
    auto& slot = DataSlot([] { return std::any(std::make_shared<T>()); });
    const auto* data = std::any_cast<std::shared_ptr<T>>(&slot);
    if (data == nullptr) throw std::logic_error("ws::Handler::Data: this connection holds another type");
    return **data;
  }
  bool IsConnected() const noexcept;
  ConnectionStats Stats() const;
  // The request that opened the connection; empty before Init.
  const HttpRequest& Handshake() const noexcept;
  // The subprotocol chosen; empty where none is.
  const std::string& Subprotocol() const noexcept;

  friend bool operator==(const Handler&, const Handler&) = default;

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
  CallbackId RegisterAny(dispatch::CallbackPtr callback);
  CallbackId RegisterRaw(dispatch::CallbackPtr callback);
  CallbackId RegisterGate(dispatch::CallbackPtr callback);
  void RegisterDrain(dispatch::CallbackPtr callback);
  void Ask(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
           std::function<void(Reply)> callback);
  boost::asio::awaitable<Error> Open(std::unique_ptr<ByteStream> stream, boost::asio::any_io_executor strand,
                                     HttpRequest request, std::string leftover);
  std::any& DataSlot(std::any (*make)());

  friend class BroadcastGroup;
  friend class Target;

  dispatch::ConnectionPtr connection_;
};

}  // namespace ws
