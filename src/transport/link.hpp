// A connection's life on the wire.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "transport/codec.hpp"
#include "transport/connection.hpp"
#include "transport/gate.hpp"
#include "transport/turn.hpp"
#include "ws/detail/protocol/deadline.hpp"
#include "ws/detail/protocol/heartbeat.hpp"
#include "ws/detail/protocol/rate_limiter.hpp"
#include "ws/detail/protocol/upgrade_check.hpp"
#include "ws/detail/protocol/upgrade_offer.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// What opens a connection.
struct Opening {
  HttpRequest request;
  std::string leftover;                 // bytes that came behind the request
  protocol::Time deadline;              // of the whole handshake
  std::function<void()> accepted = {};  // runs before the 101, with the identity known; a throw refuses with 500
};

// Everything that belongs to an executor: stream, codec, timer, and those who use them and keep it alive: the reader
// and the writer, two coroutines, and the watch, who sleeps on the timer. All of it on one strand. When the last of
// them is gone, so is the link; a link that dies before its connection has ended was abandoned by its context.
class Link final : public std::enable_shared_from_this<Link> {
 public:
  Link(std::shared_ptr<Connection> connection, std::unique_ptr<ByteStream> stream, boost::asio::any_io_executor strand,
       Role role = Role::Server);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Makes this the connection's link; false where it was closed before. Throws std::logic_error for a second one.
  bool Attach(const HttpRequest& request) { return attached_ = connection_->Attach(*this, strand_, request); }
  // Checks, asks, answers. On success the connection is open, and Start must follow; else the stream is closed.
  static boost::asio::awaitable<Error> Upgrade(std::shared_ptr<Link> self, Opening opening);
  // The client's side: asks, and judges the answer. The connection knows nothing of it until Attach; on success that,
  // Begin and Start must follow, else the stream is closed.
  static boost::asio::awaitable<Error> Greet(std::shared_ptr<Link> self, protocol::UpgradeOffer offer,
                                             protocol::Time deadline);
  // The handshake is done: the connection is open.
  void Begin(std::string_view leftover);
  // What came behind the server's answer, and what it granted.
  const std::string& Leftover() const noexcept { return leftover_; }
  const std::string& Granted() const noexcept { return granted_; }
  // The HTTP status of an answer that was no 101; 0 where there was none.
  unsigned RefusedWith() const noexcept { return refused_with_; }
  // Begins to read. Safe from any thread.
  void Start();

  // Of the server's thread that it was made on, where that is its strand's; null elsewhere.
  const std::shared_ptr<Turn>& OwnTurn() const noexcept { return turn_; }

  // On the strand.
  void WakeWriter() { writer_gate_.Open(); }
  void WakeReader() { reader_gate_.Open(); }
  // Some clock was started or stopped.
  void RearmTimer();
  // A clock of the connection's own.
  void RearmTimer(protocol::Time deadline);
  // Begins the end; the first reason stands.
  void Close(CloseReason reason);
  // Ends without a farewell.
  void Abort();
  // There was no memory to go on with: the same.
  void Break() noexcept;
  // Lets go of `keep` when the stream is closed.
  void Keep(std::shared_ptr<void> keep) { keep_ = std::move(keep); }

 private:
  // How far the end has come.
  enum class Phase { Opening, Open, Closing, Ended };
  // A large message between two stretches of output_.
  struct Piece {
    std::size_t end;  // of the stretch before it
    const protocol::Frame* frame;
  };
  struct Sentinel;
  struct Left;

  static boost::asio::awaitable<void> Read(std::shared_ptr<Link> self);
  static boost::asio::awaitable<void> Write(std::shared_ptr<Link> self);

  // upgrade.cpp
  boost::asio::awaitable<Error> TryUpgrade(Opening& opening);
  boost::asio::awaitable<std::optional<protocol::Refusal>> Judge(const HttpRequest& request, Json& identity);
  boost::asio::awaitable<Authorization> Ask(const HttpRequest& request);
  boost::asio::awaitable<Error> Refuse(protocol::Refusal refusal, const HttpRequest& request);
  static boost::asio::awaitable<void> LastRites(std::shared_ptr<Link> self);
  void ArmHandshake(protocol::Time deadline);
  void CloseEarly(CloseReason reason);

  // greet.cpp
  boost::asio::awaitable<Error> TryGreet(const protocol::UpgradeOffer& offer);
  boost::asio::awaitable<Error> ReadAnswer(HttpResponse& answer);
  Error Judge(const HttpResponse& answer, const protocol::UpgradeOffer& offer, const std::string& key);

  // reader.cpp
  // Handles what lies in the codec; false where it must stop before the end of it.
  bool Digest();
  bool IsTooFast();
  void OnPong(std::string_view payload);
  void OnClose(Codec::Event event);
  void HoldReading(bool held);

  // writer.cpp
  // Fills output_ and buffers_; false where there is nothing to send.
  bool Gather();
  void Append(const protocol::Outgoing& message);
  void AppendControl(protocol::Opcode opcode, std::string_view payload);
  void FillBuffers();
  boost::asio::awaitable<Error> WriteAll();
  // Drops what was written from the front.
  void Skip(ByteStream::Buffers& left, std::size_t written);

  // watch.cpp
  void Watch();
  void CheckClocks(protocol::Time now);
  protocol::Time NextDeadline() const;
  // The transport is over for the user; the watch then sees it off.
  void End(bool clean);
  void Fail(Error error);
  boost::asio::awaitable<void> SeeOff();
  template <class Coroutine>
  void Spawn(Coroutine coroutine, bool Link::*running);

  static protocol::Time Now() { return std::chrono::steady_clock::now(); }

  std::shared_ptr<void> keep_;  // destroyed last
  const std::shared_ptr<Connection> connection_;
  const boost::asio::any_io_executor strand_;
  const std::shared_ptr<Turn> turn_ = Turn::Here(strand_);
  const std::unique_ptr<ByteStream> stream_;
  Codec codec_;
  boost::asio::steady_timer timer_;
  Gate reader_gate_, writer_gate_;

  // The end.
  bool attached_ = false;
  Phase phase_ = Phase::Opening;
  CloseReason reason_;
  bool accepted_ = false;      // by the application, so that the answer is on its way
  bool close_wanted_ = false;  // when it has left, with reason_
  bool graceful_ = false;      // the queue is flushed and the peer's close frame awaited
  bool close_sent_ = false;
  bool close_received_ = false;
  bool clean_ = false;    // the peer is to be seen off, not cut off
  bool reading_ = false;  // the coroutine has not ended
  bool writing_ = false;
  bool timed_out_ = false;  // the handshake
  boost::asio::cancellation_signal stop_authorize_;
  std::string leftover_, granted_;  // of a client's handshake
  std::uint16_t refused_with_ = 0;

  // Output.
  std::string output_;  // heads and small messages
  std::vector<Piece> pieces_;
  std::vector<protocol::Outgoing> batch_;  // owns what pieces_ refers to
  std::vector<boost::asio::const_buffer> buffers_;
  std::optional<std::string> pong_;  // the newest ping's payload, RFC 6455 5.5.3
  bool ping_due_ = false;
  protocol::Time ping_sent_{};
  std::uint64_t ping_number_ = 0;

  // Clocks.
  protocol::Heartbeat heartbeat_;
  protocol::Deadline message_, write_, unread_, closing_, flush_;
  protocol::RateLimiter rate_;
  bool slowed_ = false;  // the reader waits for the rate
  protocol::Time sleeping_until_ = protocol::Time::max();
};

}  // namespace ws::transport
