// A WebSocket on a byte stream.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "connection/connection.hpp"
#include "transport/async_event.hpp"
#include "transport/client_handshake.hpp"
#include "transport/close_handshake.hpp"
#include "transport/codec.hpp"
#include "transport/connection_timers.hpp"
#include "transport/io_batcher.hpp"
#include "transport/ping_state.hpp"
#include "transport/server_handshake.hpp"
#include "transport/write_batch.hpp"
#include "ws/detail/transport/byte_stream.hpp"

namespace ws::transport {

// Owns everything that belongs to an executor: stream, codec, timer, and two coroutines, reader and writer, which keep
// it alive together with the timer's wait. Everything runs on one strand, except LinkControl. The link is destroyed
// before its connection has ended only if its context is destroyed.
class Link final : public connection::LinkControl, public Wakeable, public std::enable_shared_from_this<Link> {
 public:
  Link(std::shared_ptr<connection::Connection> connection, std::unique_ptr<ByteStream> stream,
       boost::asio::any_io_executor strand, Role role = Role::Server);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Makes this the connection's link. Returns false if the connection was closed before. Throws std::logic_error if it
  // has or had a link.
  bool Attach(const HttpRequest& request) { return attached_ = connection_->Attach(*this, strand_, request); }
  // Runs the server's handshake. On success the connection is open, and Start must follow; otherwise the stream is
  // closed. Errors: Refused, HandshakeTimeout, Closed, or the transport's.
  static boost::asio::awaitable<Error> AcceptAsync(std::shared_ptr<Link> self, UpgradeRequest upgrade);
  // Runs the client's handshake. On success Attach, Open and Start must follow; otherwise the stream is closed.
  static boost::asio::awaitable<ClientHandshakeResult> ConnectAsync(std::shared_ptr<Link> self,
                                                                    protocol::HandshakeOptions options,
                                                                    protocol::Time deadline);
  // Opens the connection after the handshake. `leftover` holds the bytes that were read after it.
  void Open(std::string_view leftover);
  // Starts the reader and the writer. Safe from any thread.
  void Start();
  // Keeps an object alive until the stream is closed. Called before Start.
  void RetainUntilClosed(std::shared_ptr<void> object) { retained_ = std::move(object); }

  // connection::LinkControl
  void WakeReader() override { PostWake(Part::Reader); }
  void WakeWriter() override { PostWake(Part::Writer); }
  void RearmTimer(protocol::Time deadline) override;
  void Close(CloseReason reason) override;
  void Abort() override;

  // Wakeable
  void OnWake(Part part) override { (part == Part::Reader ? reader_event_ : writer_event_).Set(); }

 private:
  using Time = protocol::Time;
  struct TimerHandler;

  // Runs `work` on the strand, if the link still lives then.
  template <class Work>
  void Post(Work work);
  void PostWake(Part part);
  Phase CurrentPhase() const noexcept { return close_.CurrentPhase(); }
  void StartHandshakeTimer(Time deadline);
  void StartCoroutine(boost::asio::awaitable<void> coroutine);

  static boost::asio::awaitable<void> ReadAsync(std::shared_ptr<Link> self);
  // Handles the input that the codec has. Returns false if reading must pause.
  bool ProcessInput();
  bool ShouldPauseReading();
  void OnCloseReceived(Codec::Event event);

  static boost::asio::awaitable<void> WriteAsync(std::shared_ptr<Link> self);
  // Fills the batch. Returns false if there is nothing to send.
  bool FillBatch();
  boost::asio::awaitable<Error> WriteBatchAsync();

  void OnTimer();
  // Sets the timer to the next deadline, or to now if the link has ended.
  void UpdateTimer() { SetTimer(CurrentPhase() == Phase::Ended ? Time::min() : timers_.Next()); }
  void SetTimer(Time deadline);

  void StartClosing(CloseReason reason);
  // Handles a Close during the handshake. If the application has accepted the connection, the close frame follows the
  // 101; otherwise the link is aborted.
  void CloseEarly(CloseReason reason);
  void AbortNow();
  void Fail(Error error);
  void End(bool clean);
  void OnEnded();
  static boost::asio::awaitable<void> CloseStreamAsync(std::shared_ptr<Link> self);

  static Time Now() { return std::chrono::steady_clock::now(); }

  std::shared_ptr<void> retained_;  // destroyed last
  const std::shared_ptr<connection::Connection> connection_;
  const boost::asio::any_io_executor strand_;
  const std::shared_ptr<IoBatcher> batcher_ = IoBatcher::OfThisThread(strand_);  // null outside of a Server
  const std::shared_ptr<ByteStream> stream_;
  Codec codec_;
  boost::asio::steady_timer timer_;
  Time timer_deadline_ = Time::max();
  AsyncEvent reader_event_, writer_event_;
  bool attached_ = false;
  int coroutines_ = 0;  // the number of running ones of reader and writer

  std::unique_ptr<ServerHandshake> handshake_;  // null unless the handshake runs
  bool handshake_timed_out_ = false;
  std::optional<CloseReason> early_close_;  // the reason of a close frame that follows the 101

  CloseHandshake close_;
  ConnectionTimers timers_;
  PingState ping_;
  WriteBatch batch_;
};

}  // namespace ws::transport
