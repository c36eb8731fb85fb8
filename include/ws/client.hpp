// A WebSocket client that reconnects.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/reply_callback.hpp"
#include "ws/error.hpp"
#include "ws/event_callbacks.hpp"
#include "ws/handler.hpp"
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

// The next attempt of a Client to connect, for Client::OnReconnecting.
struct Reconnecting {
  // The number of the attempt since the last stable connection, from 1.
  unsigned attempt = 0;
  // The time until the attempt.
  std::chrono::milliseconds delay{0};
  // Why the last attempt failed; empty if it succeeded and the connection was lost later.
  Error error = {};
  // The HTTP status if the server refused the upgrade (`error` is Errc::Refused); else 0.
  unsigned status = 0;
};

struct ClientOptions {
  // "ws://host:port/path" or "wss://host:port/path".
  std::string url = {};
  // Additional headers of the handshake, for example Authorization, Cookie or Origin.
  HttpHeaders headers = {};
  // A PEM file with the certificate authorities that are trusted for wss://. Empty: those of the system. The
  // certificate and its host name are always verified.
  std::string ca_file = {};

  // Before each attempt the client waits for a random time between zero and a limit. The limit is backoff_base at
  // first, and doubles with each attempt up to backoff_cap. A connection that lasts for stable_after resets it. Both
  // must be more than zero.
  std::chrono::milliseconds backoff_base = std::chrono::milliseconds(500);
  std::chrono::milliseconds backoff_cap = std::chrono::seconds(30);
  std::chrono::milliseconds stable_after = std::chrono::seconds(30);

  // The executor for I/O, so that many clients share one thread. It must run until the clients have stopped. By default
  // the client starts a thread of its own.
  boost::asio::any_io_executor io = {};
  // The options of each connection; `subprotocols` are offered to the server. handshake_timeout limits one attempt as a
  // whole, with name resolution and TLS. Closing takes at most 0.7 seconds. Options for servers are ignored. Without
  // `executor`, callbacks run on a thread of the client's own.
  Options connection = {};
};

// A client that connects to a server, and reconnects whenever the connection is lost, until Stop is called or the
// server closes with a final code (1000, 1002, 1003, 1007, 1008, 1009, 3000 or 3003).
//
// The verbs are those of Handler. While the client is not connected, events are queued within the bounds of the write
// queue, and sent first once it is. Callbacks belong to the client and serve each connection in turn; the Handler that
// they get is the connection of the message. Register callbacks before Start to miss no message. Every verb may be
// called from any thread. After Stop every verb returns Errc::Closed.
class Client : public EventCallbacks<Client> {
 public:
  // Throws std::logic_error if the URL, a header or another option is invalid.
  explicit Client(ClientOptions options);
  // Calls Stop. Inside a callback it does not wait, so objects that the callbacks use must live on.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Like Handler::OnDrain. If the connection ends while the queue is full, the callback is called on the next
  // connection.
  template <class Callback>
  void OnDrain(Callback&& callback) {
    SetOnDrain(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // Calls `callback` on the I/O thread before each wait; it must not block. Call before Start.
  void OnReconnecting(std::function<void(const Reconnecting&)> callback);

  // See Handler. While the client is not connected, EmitVolatile returns Closed.
  Error Emit(std::string_view event, const Json& data = nullptr);
  Error Emit(std::string_view event, JsonObject data) { return Emit(event, JsonMember::MakeObject(data)); }
  Error EmitVolatile(std::string_view event, const Json& data = nullptr);
  Error EmitVolatile(std::string_view event, JsonObject data) {
    return EmitVolatile(event, JsonMember::MakeObject(data));
  }
  Error EmitBinary(std::string_view event, const Json& data, std::string_view bytes);
  Error EmitBinary(std::string_view event, JsonObject data, std::string_view bytes) {
    return EmitBinary(event, JsonMember::MakeObject(data), bytes);
  }
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, const Json& data = nullptr);
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, JsonObject data) {
    return EmitAsync(event, JsonMember::MakeObject(data));
  }
  Error Send(std::string_view bytes, MessageType type = MessageType::Text);
  boost::asio::awaitable<Error> SendAsync(std::string_view bytes, MessageType type = MessageType::Text);

  // See Handler. A request that is made while the client is not connected is queued, and its timeout runs.
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Current().Request(event, data, std::forward<Callback>(callback), timeout);
  }
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, JsonObject data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Current().Request(event, data, std::forward<Callback>(callback), timeout);
  }
  template <class Callback>
  void Request(std::string_view event, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Current().Request(event, std::forward<Callback>(callback), timeout);
  }
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, const Json& data = nullptr,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero());
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, JsonObject data,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    return RequestAsync(event, JsonMember::MakeObject(data), timeout);
  }

  // Starts to connect, and returns. Throws std::logic_error if it is called a second time.
  void Start();
  // Closes the connection, flushes its write queue for at most one second, and returns when no callback is running.
  // Inside a callback, and on a thread of `io` or `executor`, it only begins to stop. If the caller's executors do not
  // run, it returns after two seconds.
  void Stop(std::uint16_t code = 1000, std::string_view text = {});

  bool IsConnected() const noexcept;
  // The counters of the present connection.
  ConnectionStats Stats() const;
  // The negotiated subprotocol of the present connection; empty if there is none.
  std::string Subprotocol() const;

 private:
  class Runtime;

  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  dispatch::EventTable& Table() noexcept;
  void SetOnDrain(dispatch::CallbackPtr callback);
  // The open connection, or the next one.
  Handler Current() const;

  friend class EventCallbacks<Client>;

  const std::unique_ptr<Runtime> runtime_;
};

}  // namespace ws
