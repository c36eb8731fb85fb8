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

#include "transport/connection.hpp"
#include "transport/dialer.hpp"
#include "ws/detail/protocol/backoff.hpp"
#include "ws/detail/protocol/upgrade_offer.hpp"

namespace ws::transport {

class Link;

// Told before each wait.
struct Attempt {
  unsigned number;
  std::chrono::milliseconds delay;
  Error error;          // why the last one failed; none where a connection was lost
  unsigned status = 0;  // with which it was refused
};

// Time and chance, for tests to drive; empty ones are real.
struct ClientClock {
  std::function<protocol::Time()> now = {};
  std::function<double()> chance = {};  // from 0 to 1
  // Calls `over` once, from any thread, when so much has passed.
  std::function<void(std::chrono::milliseconds, std::function<void()> over)> wait = {};
};

struct ClientSettings {
  protocol::UpgradeOffer offer;
  Options options;
  protocol::Backoff backoff;
  ClientClock clock;
  std::shared_ptr<void> keep;  // what it and its connections need to run; let go of last
#if WS_HAS_TLS
  std::shared_ptr<boost::asio::ssl::context> trust;
#endif
};

// Dials, runs the connection, and dials again until it is stopped or the server's code is final. Its callbacks outlive
// each connection; messages wait in the next connection, which exists before it has a transport. Every member is safe
// from any thread, but those that say "strand".
class ClientSession final : public Home, public std::enable_shared_from_this<ClientSession> {
 public:
  explicit ClientSession(ClientSettings settings);

  void Admit(const std::shared_ptr<Connection>&) override {}
  void Drop(const Connection&) noexcept override {}
  dispatch::EventTable& Table() noexcept override { return table_; }

  // What verbs act on: the open connection, or the next one.
  std::shared_ptr<Connection> Current();
  void OnDrain(dispatch::CallbackPtr callback);
  // On the strand. Before Start.
  void OnReconnecting(std::function<void(const Attempt&)> callback) { reconnecting_ = std::move(callback); }
  // A late `connect` is told of the open connection.
  CallbackId On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once);
  // As Connection's, on whichever is or becomes the current one.
  Error Emit(protocol::FramePtr frame);
  static boost::asio::awaitable<Error> EmitWhenRoom(std::shared_ptr<ClientSession> self, protocol::FramePtr frame);
  bool IsOpen() const;
  // Whether the caller is one of its callbacks.
  bool IsCalling() const;

  // Both once. Dials on this strand; when its context is destroyed, all is over.
  void Start(boost::asio::any_io_executor strand);
  // Closes with this code, and dials no more.
  void BeginStop(std::uint16_t code, std::string text);
  // Whether all is over, `disconnect` and the callbacks of requests included.
  bool WaitUntilOver(std::chrono::steady_clock::time_point deadline);
  // Whether its strand is in use, so that its context must live.
  bool IsRunning() const;
  // Cuts off what does not end.
  void Abort();
  // Lets go of its connections, which refer to it. Nobody calls it any more.
  void Release();

 private:
  // All that belongs to the strand, and goes with it: the client may outlive the strand's context.
  struct Dialling {
    explicit Dialling(boost::asio::any_io_executor executor) : strand(std::move(executor)), pause(strand) {}

    const boost::asio::any_io_executor strand;
    boost::asio::steady_timer pause;
    std::shared_ptr<Dialer> dialer = {};
    std::shared_ptr<Link> link = {};  // while it greets
    unsigned status = 0;              // of the last answer; 0 for none and for 101
  };
  using DiallingPtr = std::shared_ptr<Dialling>;
  struct Sentinel;
  struct Living;

  static boost::asio::awaitable<void> Run(std::shared_ptr<ClientSession> self, DiallingPtr dialling);
  boost::asio::awaitable<Error> TryOpen(std::shared_ptr<Connection> connection, DiallingPtr dialling);
  boost::asio::awaitable<Error> Open(std::shared_ptr<Connection> connection, DiallingPtr dialling);
  boost::asio::awaitable<void> Pause(std::chrono::milliseconds delay, DiallingPtr dialling);
  void Tell(const Attempt& attempt);
  void Finish();
  std::shared_ptr<Connection> Make();
  bool IsStopping() const;

  const std::shared_ptr<void> keep_;  // destroyed last
  ClientSettings settings_;
  dispatch::EventTable table_{true};
  std::function<void(const Attempt&)> reconnecting_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::shared_ptr<Connection> current_, running_;
  std::thread::id telling_;  // the thread in `reconnecting`
  dispatch::CallbackPtr on_drain_;
  bool started_ = false, stopping_ = false, over_ = false;
  std::size_t living_ = 0;  // connections that are not over
  std::weak_ptr<Dialling> dialling_;
};

}  // namespace ws::transport
