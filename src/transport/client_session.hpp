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
#include "ws/protocol/backoff.hpp"
#include "ws/protocol/upgrade_offer.hpp"

namespace ws::transport {

class Link;

// Told before each wait.
struct Attempt {
  unsigned number;
  std::chrono::milliseconds delay;
  Error error;  // why the last one failed; none where a connection was lost
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
  std::function<void(const Attempt&)> reconnecting;  // on the strand
  ClientClock clock;
#if WS_HAS_TLS
  std::shared_ptr<boost::asio::ssl::context> trust;
#endif
};

// Dials, runs the connection, and dials again until it is stopped or the server's code is final. Its callbacks outlive
// each connection; messages wait in the next connection, which exists before it has a transport. Every member is safe
// from any thread, but those that say "strand".
class ClientSession final : public Home, public std::enable_shared_from_this<ClientSession> {
 public:
  ClientSession(boost::asio::any_io_executor strand, ClientSettings settings);

  void Admit(const std::shared_ptr<Connection>&) override {}
  void Drop(const Connection&) noexcept override {}
  dispatch::EventTable& Table() noexcept override { return table_; }

  // What verbs act on: the open connection, or the next one.
  std::shared_ptr<Connection> Current();
  void OnDrain(dispatch::CallbackPtr callback);
  // Whether the caller is one of its callbacks.
  bool IsCalling() const;

  // Both once.
  void Start();
  // Closes with this code, and dials no more.
  void BeginStop(std::uint16_t code, std::string text);
  // Whether all is over, `disconnect` included.
  bool WaitUntilOver(std::chrono::steady_clock::time_point deadline);
  // Cuts off what does not end.
  void Abort();

 private:
  static boost::asio::awaitable<void> Run(std::shared_ptr<ClientSession> self);
  boost::asio::awaitable<Error> Open(const std::shared_ptr<Connection>& connection);
  boost::asio::awaitable<void> Pause(std::chrono::milliseconds delay);
  void Tell(const Attempt& attempt);
  void Finish();
  std::shared_ptr<Connection> Make();
  bool IsStopping() const;

  const boost::asio::any_io_executor strand_;
  ClientSettings settings_;
  dispatch::EventTable table_{true};

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::shared_ptr<Connection> current_, running_;
  std::thread::id telling_;  // the thread in `reconnecting`
  dispatch::CallbackPtr on_drain_;
  bool started_ = false, stopping_ = false, over_ = false;

  // Strand.
  boost::asio::steady_timer pause_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<Link> link_;  // while it greets
};

}  // namespace ws::transport
