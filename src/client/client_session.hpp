// A client's connections, one after the other.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "client/dialer.hpp"
#include "connection/connection.hpp"
#include "transport/link.hpp"
#include "ws/detail/protocol/backoff.hpp"
#include "ws/detail/protocol/client_upgrade.hpp"

namespace ws::client {

// The next attempt to connect.
struct Attempt {
  unsigned number;
  std::chrono::milliseconds delay;
  Error error;          // the error of the last attempt; empty if a connection was lost
  unsigned status = 0;  // the HTTP status if the last attempt was refused
};

// Time and randomness, for tests. Empty functions are replaced by real ones.
struct ClientClock {
  std::function<protocol::Time()> now = {};
  std::function<double()> random = {};  // from 0 to 1
  // Calls `on_expired` once, on any thread, when the delay is over.
  std::function<void(std::chrono::milliseconds, std::function<void()> on_expired)> wait = {};
};

struct ClientSettings {
  protocol::HandshakeOptions handshake;
  Options options;
  protocol::Backoff backoff;
  ClientClock clock;
  std::shared_ptr<void> retained;  // destroyed after the session and its connections
#if WS_HAS_TLS
  std::shared_ptr<boost::asio::ssl::context> trust;
#endif
};

// Dials, runs the connection, and dials again until it is stopped or the server's close code is final. Its callbacks
// serve all of its connections. While it is away, messages wait in the next connection, which exists before it has a
// transport. Thread-safe unless a function says otherwise.
class ClientSession final : public connection::ConnectionScope, public std::enable_shared_from_this<ClientSession> {
 public:
  explicit ClientSession(ClientSettings settings);

  void OnOpened(const std::shared_ptr<connection::Connection>&) override {}
  void OnDisconnected(const connection::Connection&) noexcept override {}
  dispatch::EventTable& Callbacks() noexcept override { return callbacks_; }

  // The open connection, or the next one.
  std::shared_ptr<connection::Connection> Current();
  void OnDrain(dispatch::CallbackPtr callback);
  // Called before Start. The callback runs on the strand.
  void OnReconnecting(std::function<void(const Attempt&)> callback) { on_reconnecting_ = std::move(callback); }
  // A callback of `connect` that comes late is called for the open connection.
  CallbackId On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  // Like Connection's, on the current connection, or the one after it.
  Error Emit(protocol::FramePtr frame);
  static boost::asio::awaitable<Error> EmitAsync(std::shared_ptr<ClientSession> self, protocol::FramePtr frame);
  bool IsOpen() const;
  // True if the caller is one of its callbacks.
  bool RunningInThisThread() const;

  // Called once. Dials on this strand. If the strand's context is destroyed, the session finishes.
  void Start(boost::asio::any_io_executor strand);
  // Called once. Closes the connection with this code and dials no more.
  void BeginStop(std::uint16_t code, std::string text);
  // Waits until `disconnect` and all callbacks of requests have returned. Returns false at the deadline.
  bool WaitUntilFinished(std::chrono::steady_clock::time_point deadline);
  // True while its strand is in use, so that the strand's context must live.
  bool IsRunning() const;
  // Ends the connection at once.
  void Abort();
  // Releases its connections, which refer to it. No other function is called afterwards.
  void Release();

 private:
  // Everything that belongs to the strand. The session may outlive the strand's context.
  struct Dial {
    explicit Dial(boost::asio::any_io_executor executor) : strand(std::move(executor)), pause(strand) {}

    const boost::asio::any_io_executor strand;
    boost::asio::steady_timer pause;
    std::shared_ptr<Dialer> dialer = {};
    std::shared_ptr<transport::Link> link = {};  // set during the WebSocket handshake
    unsigned status = 0;                         // the last HTTP status, if it was not 101
  };
  using DialPtr = std::shared_ptr<Dial>;
  struct FinishGuard;
  struct LiveCount;

  static boost::asio::awaitable<void> RunAsync(std::shared_ptr<ClientSession> self, DialPtr dial);
  boost::asio::awaitable<Error> TryOpenAsync(std::shared_ptr<connection::Connection> connection, DialPtr dial);
  boost::asio::awaitable<Error> OpenAsync(std::shared_ptr<connection::Connection> connection, DialPtr dial);
  boost::asio::awaitable<void> PauseAsync(std::chrono::milliseconds delay, DialPtr dial);
  void NotifyReconnecting(const Attempt& attempt);
  void Finish();
  std::shared_ptr<connection::Connection> MakeConnection();
  bool IsStopping() const;

  const std::shared_ptr<void> retained_;  // destroyed last
  ClientSettings settings_;
  dispatch::EventTable callbacks_{dispatch::EventTable::Scope::Shared};
  std::function<void(const Attempt&)> on_reconnecting_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<connection::Connection> current_, running_;
  std::thread::id notifying_;  // the thread that runs OnReconnecting's callback
  dispatch::CallbackPtr on_drain_;
  bool started_ = false, stopping_ = false, finished_ = false;
  std::size_t live_connections_ = 0;  // connections that have not finished
  std::weak_ptr<Dial> dial_;
};

}  // namespace ws::client
