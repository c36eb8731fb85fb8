#include "transport/link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <new>

#include "transport/lingering_close.hpp"
#include "transport/stream_io.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using connection::as_tuple;
using connection::MakeCloseReason;

Link::Link(std::shared_ptr<connection::Connection> connection, std::unique_ptr<ByteStream> stream,
           asio::any_io_executor strand, Role role)
    : connection_(std::move(connection)),
      strand_(std::move(strand)),
      stream_(std::move(stream)),
      codec_(strand_, {role, connection_->Settings().max_message_bytes, connection_->Settings().deflate}),
      timer_(strand_),
      timers_(connection_->Settings(), Now()) {}

Link::~Link() {
  if (attached_ && !connection_->IsDisconnected()) connection_->OnAbandoned();
  if (!batch_.Messages().empty()) connection_->CompleteBatch(batch_.Messages(), false);
}

// --- The opening handshake

asio::awaitable<Error> Link::AcceptAsync(std::shared_ptr<Link> self, UpgradeRequest upgrade) {
  self->handshake_ = std::make_unique<ServerHandshake>(*self->connection_, *self->stream_, self->codec_, self->strand_);
  if (self->CurrentPhase() == Phase::Ended) self->handshake_->Cancel();  // Abort was called before
  self->StartHandshakeTimer(upgrade.deadline);
  Error error;
  try {
    error = co_await self->handshake_->RunAsync(upgrade);
  } catch (const boost::system::system_error& failure) {
    error = failure.code();
  } catch (const std::bad_alloc&) {
    error = asio::error::no_memory;
  }
  self->timer_.cancel();
  self->handshake_.reset();
  if (!error) {
    self->Open(upgrade.leftover);
    co_return error;
  }
  if (self->CurrentPhase() == Phase::Ended || (self->early_close_ && error != Errc::Refused)) {
    error = Errc::Closed;
  } else if (self->handshake_timed_out_) {
    error = Errc::HandshakeTimeout;
  }
  self->close_.End(error == Errc::Refused);  // after a refusal the peer must be able to read the response
  self->connection_->OnDisconnected(
      {EndReason::TransportError, protocol::close_code::abnormal_closure, {}, false, error});
  asio::co_spawn(self->strand_, CloseStreamAsync(self), asio::detached);
  co_return error;
}

asio::awaitable<ClientHandshakeResult> Link::ConnectAsync(std::shared_ptr<Link> self,
                                                          protocol::HandshakeOptions options, Time deadline) {
  self->StartHandshakeTimer(deadline);
  const std::function<void(std::string_view)> log = [&](std::string_view reason) {
    self->connection_->Log(LogLevel::Warning, "the server refused the handshake", reason);
  };
  ClientHandshakeResult result = co_await RunClientHandshakeAsync(*self->stream_, self->codec_, options, log);
  self->timer_.cancel();
  if (!result.error && self->CurrentPhase() == Phase::Ended) result.error = Errc::Closed;
  if (result.error) {
    if (self->handshake_timed_out_) result.error = Errc::HandshakeTimeout;
    self->close_.End(false);
    self->stream_->Close();
  }
  co_return result;
}

void Link::StartHandshakeTimer(Time deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](Error cancelled) {
    if (cancelled) return;
    self->handshake_timed_out_ = true;
    if (self->handshake_) self->handshake_->Cancel();
    self->stream_->Close();
  });
}

void Link::Open(std::string_view leftover) {
  close_.OnOpened();
  connection_->OnOpened();
  codec_.Feed(leftover);
  codec_.BufferRemainder();
  if (early_close_) StartClosing(std::move(*early_close_));
}

void Link::Start() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->CurrentPhase() == Phase::Ended) return;
    self->timers_.OnBytesReceived(Now());
    self->connection_->DeliverConnect();
    self->StartCoroutine(WriteAsync(self));
    self->StartCoroutine(ReadAsync(self));
    self->OnTimer();
  });
}

void Link::StartCoroutine(asio::awaitable<void> coroutine) {
  ++coroutines_;
  asio::co_spawn(strand_, std::move(coroutine), [self = shared_from_this()](const std::exception_ptr& failure) {
    --self->coroutines_;
    if (failure) self->StartClosing(MakeCloseReason(EndReason::Internal));  // memory ran out for a message
    self->UpdateTimer();
  });
}

// --- The timer

// The handler of the timer's wait. A coroutine would need 0.8 kB more. If the handler is destroyed without a call, its
// context is being destroyed. The context does not know the coroutines that wait for events, so they are cancelled
// here.
struct Link::TimerHandler {
  std::shared_ptr<Link> link;

  explicit TimerHandler(std::shared_ptr<Link> of) : link(std::move(of)) {}
  TimerHandler(TimerHandler&&) = default;
  ~TimerHandler() {
    if (!link) return;
    link->reader_event_.Cancel();
    link->writer_event_.Cancel();
  }
  void operator()(Error) {
    const std::shared_ptr<Link> self = std::move(link);
    try {
      self->OnTimer();
    } catch (const std::bad_alloc&) {
      self->stream_->Close();
      self->Fail(asio::error::no_memory);
    }
  }
};

void Link::OnTimer() {
  const Time now = Now();
  if (CurrentPhase() == Phase::Closing && timers_.HasCloseTimedOut(now)) End(false);
  if (CurrentPhase() == Phase::Open) {
    const ConnectionTimers::Due due = timers_.Check(now);
    if (due.end) StartClosing(MakeCloseReason(*due.end));
    if (due.resume) reader_event_.Set();
    if (due.ping) {
      ping_.RequestPing();
      writer_event_.Set();
    }
  }
  if (CurrentPhase() == Phase::Ended)
    return asio::co_spawn(strand_, CloseStreamAsync(shared_from_this()), asio::detached);
  timer_deadline_ = connection_->ExpireRequests(now, timers_.Next());
  timer_.expires_at(timer_deadline_);
  timer_.async_wait(TimerHandler(shared_from_this()));
}

void Link::SetTimer(Time deadline) {
  // During the handshake, the timer runs for the handshake only.
  if (CurrentPhase() != Phase::Opening && deadline < timer_deadline_) timer_.cancel();
}

// --- connection::LinkControl

template <class Work>
void Link::Post(Work work) {
  asio::post(strand_, [weak = weak_from_this(), work = std::move(work)]() mutable {
    if (const auto self = weak.lock()) work(*self);
  });
}

void Link::PostWake(Part part) {
  if (batcher_) return batcher_->Wake(weak_from_this(), part);
  Post([part](Link& link) { link.OnWake(part); });
}

void Link::RearmTimer(Time deadline) {
  Post([deadline](Link& link) { link.SetTimer(deadline); });
}

void Link::Close(CloseReason reason) {
  Post([reason = std::move(reason)](Link& link) mutable { link.StartClosing(std::move(reason)); });
}

void Link::Abort() {
  Post([](Link& link) { link.AbortNow(); });
}

// --- The end

void Link::StartClosing(CloseReason reason) {
  if (CurrentPhase() == Phase::Opening) return CloseEarly(std::move(reason));
  if (!close_.Start(std::move(reason))) return;
  connection_->BeginClosing();
  if (!close_.IsGraceful()) connection_->DropQueue();
  timers_.OnClosing(Now());
  reader_event_.Set();  // the peer's close frame may follow the input at which the reader paused
  writer_event_.Set();
  UpdateTimer();
}

void Link::CloseEarly(CloseReason reason) {
  if (!handshake_ || !handshake_->IsAccepted()) return AbortNow();
  if (early_close_) return;
  early_close_ = std::move(reason);
  StartHandshakeTimer(std::min(timer_.expiry(), timers_.StartClose(Now())));
}

void Link::AbortNow() {
  if (CurrentPhase() == Phase::Opening) {
    close_.End(false);
    if (handshake_) handshake_->Cancel();
  } else {
    Fail(asio::error::operation_aborted);
  }
  stream_->Close();
}

void Link::Fail(Error error) {
  if (close_.Fail(error)) OnEnded();
}

void Link::End(bool clean) {
  if (close_.End(clean)) OnEnded();
}

void Link::OnEnded() {
  connection_->OnDisconnected(close_.Reason());
  reader_event_.Set();
  writer_event_.Set();
  UpdateTimer();
}

// Waits until the reader and the writer have ended, and closes the stream, if possible so that the peer can read the
// sent bytes. Takes at most Options::close_timeout.
asio::awaitable<void> Link::CloseStreamAsync(std::shared_ptr<Link> self) {
  if (!self->close_.IsClean()) self->stream_->Close();
  self->stream_->CancelRead();
  const Time deadline = self->timers_.StartClose(Now());
  self->timer_.expires_at(deadline);
  while (self->coroutines_ != 0) {
    // A coroutine that ends cancels this wait.
    const auto [cancelled] = co_await self->timer_.async_wait(as_tuple);
    if (cancelled) continue;
    self->stream_->Close();
    self->timer_.expires_at(Time::max());
  }
  if (self->close_.IsClean() && Now() < deadline) co_await LingeringCloseAsync(self->stream_, deadline);
  self->stream_->Close();
}

}  // namespace ws::transport
