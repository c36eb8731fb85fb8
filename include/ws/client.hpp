// A connection that comes back.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ws/callback.hpp"
#include "ws/detail/dispatch/callback.hpp"
#include "ws/detail/dispatch/typed.hpp"
#include "ws/error.hpp"
#include "ws/handler.hpp"
#include "ws/http.hpp"
#include "ws/json.hpp"
#include "ws/options.hpp"
#include "ws/reply.hpp"
#include "ws/stats.hpp"

namespace ws {

// What the next attempt of a Client waits for.
struct Reconnecting {
  unsigned attempt = 0;                // since the last stable connection, from 1
  std::chrono::milliseconds delay{0};  // until it
  Error error = {};                    // why the last attempt failed; none where a connection was lost
  unsigned status = 0;                 // of HTTP, where the server answered no 101: error is Refused then
};

struct ClientOptions {
  std::string url = {};      // "ws://host:port/path" or "wss://…"
  HttpHeaders headers = {};  // of the handshake: Authorization, Cookie, Origin, …
  // A PEM file of the authorities that wss servers are trusted by; empty: the system's. The certificate and its host
  // name are always checked.
  std::string ca_file = {};

  // More than zero. Waits random(0, min(cap, base * 2^attempt)); a connection that lasted stable_after starts the count
  // anew.
  std::chrono::milliseconds backoff_base = std::chrono::milliseconds(500);
  std::chrono::milliseconds backoff_cap = std::chrono::seconds(30);
  std::chrono::milliseconds stable_after = std::chrono::seconds(30);

  // Where it does its I/O; whoever has many clients gives them one, and lets it run until they were stopped. Without it
  // a thread of its own is started.
  boost::asio::any_io_executor io = {};
  // Bounds and clocks of its connections, and `subprotocols` to offer. handshake_timeout is for one attempt as a whole,
  // name look-up and TLS included; closing has at most a second. What is for servers is not used. Without `executor` it
  // runs its callbacks on a thread of its own.
  Options connection = {};
};

// The client's end, with the verbs of Handler. It dials at Start and again whenever the connection is lost, until Stop
// or a close code that is final (PROTOCOL.md 7). While it is away, what is emitted waits within the queue's bounds and
// leaves first. Callbacks belong to the Client and serve each connection in turn; register them before Start, to miss
// nothing. The Handler that they get is the connection they were called for. Every verb may be called from any thread.
class Client {
 public:
  // Throws std::logic_error where the URL or an option makes no sense, or a header breaks the request.
  explicit Client(ClientOptions options);
  ~Client();  // stops; in a callback it does not wait for that, and what callbacks refer to must live on
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <class Callback>
  CallbackId On(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), order, false);
  }
  template <class Callback>
  CallbackId Once(std::string_view event, Callback&& callback) {
    return Register(event, dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)), Order::Sequential, true);
  }
  template <class T = void, class Callback>
  CallbackId OnTyped(std::string_view event, Callback&& callback, Order order = Order::Sequential) {
    return Register(event, dispatch::MakeTypedCallback<T, Handler>(std::forward<Callback>(callback)), order, false);
  }
  template <class Callback>
  CallbackId OnAny(Callback&& callback) {
    return RegisterAny(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  CallbackId OnMessage(Callback&& callback) {
    return RegisterRaw(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  CallbackId Use(Callback&& callback) {
    return RegisterGate(dispatch::MakeGate<Handler>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  void OnDrain(Callback&& callback) {
    RegisterDrain(dispatch::MakeCallback<Handler>(std::forward<Callback>(callback)));
  }
  // Called on the I/O thread before each wait; must not block. Before Start.
  void OnReconnecting(std::function<void(const Reconnecting&)> callback);
  void Off(std::string_view event);
  void Off(CallbackId token);

  // As Handler's. Closed means that the client was stopped; while it is away they queue, but for the volatile one,
  // which answers Closed then.
  Error Emit(std::string_view event, const Json& data = nullptr);
  Error EmitVolatile(std::string_view event, const Json& data = nullptr);
  Error EmitBinary(std::string_view event, const Json& data, std::string_view bytes);
  boost::asio::awaitable<Error> EmitAsync(std::string_view event, const Json& data = nullptr);
  Error Send(std::string_view bytes, MessageType type = MessageType::Text);
  boost::asio::awaitable<Error> SendAsync(std::string_view bytes, MessageType type = MessageType::Text);
  // One made while away waits to be sent, and its deadline runs.
  template <class Callback>
  requires std::invocable<Callback&, Reply>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) {
    Now().Request(event, data, std::forward<Callback>(callback), timeout);
  }
  boost::asio::awaitable<Reply> RequestAsync(std::string_view event, const Json& data = nullptr,
                                             std::chrono::milliseconds timeout = std::chrono::milliseconds::zero());

  // Begins to dial. Once; throws std::logic_error the second time.
  void Start();
  // Closes the connection, flushes for a second at most, and waits until no callback runs; in a callback, and on
  // threads of `io` and `executor`, it only begins all that. Where these do not run, or a callback blocks them, it
  // gives up after two seconds. Afterwards every verb answers Closed.
  void Stop(std::uint16_t code = 1000, std::string_view text = {});

  bool IsConnected() const noexcept;
  // Of the present connection.
  ConnectionStats Stats() const;
  std::string Subprotocol() const;

 private:
  class Runtime;

  CallbackId Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  CallbackId RegisterAny(dispatch::CallbackPtr callback);
  CallbackId RegisterRaw(dispatch::CallbackPtr callback);
  CallbackId RegisterGate(dispatch::CallbackPtr callback);
  void RegisterDrain(dispatch::CallbackPtr callback);
  // The open connection, or the next one.
  Handler Now() const;

  const std::unique_ptr<Runtime> runtime_;
};

}  // namespace ws
