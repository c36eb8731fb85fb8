// The watch: every clock of a connection on one timer, and its end.
#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Heartbeat;
using protocol::Time;

Link::Link(std::shared_ptr<Connection> connection, std::unique_ptr<ByteStream> stream, asio::any_io_executor strand,
           Role role)
    : connection_(std::move(connection)),
      strand_(std::move(strand)),
      stream_(std::move(stream)),
      codec_(strand_, {role, connection_->Settings().max_message_bytes, connection_->Settings().deflate}),
      timer_(strand_),
      heartbeat_(connection_->Settings().ping_interval, connection_->Settings().idle_timeout, Now()),
      message_(connection_->Settings().message_timeout),
      write_(connection_->Settings().write_timeout),
      unread_(connection_->Settings().stall_timeout),
      closing_(connection_->Settings().close_timeout),
      flush_(connection_->Settings().flush_timeout),
      rate_(connection_->Settings().rate_limit) {}

Link::~Link() {
  try {
    if (attached_ && !connection_->HasEnded())  // also where Close came first, and nobody was left to say so
      connection_->End({EndReason::TransportError, 1006, {}, false, asio::error::operation_aborted}, true);
    if (!batch_.empty()) connection_->Sent(batch_, true);  // the write that its context took along
  } catch (const std::bad_alloc&) {
    // Whoever waits goes with the context.
  }
}

void PostTo(Link& link, const asio::any_io_executor& strand, std::function<void(Link&)> use) {
  asio::post(strand, [weak = link.weak_from_this(), use = std::move(use)] {
    if (const auto self = weak.lock()) use(*self);
  });
}

void Wake(Link& link, const asio::any_io_executor& strand, void (Link::*what)()) {
  if (const auto& turn = link.OwnTurn()) return turn->Wake(link.weak_from_this(), what);
  PostTo(link, strand, [what](Link& self) { (self.*what)(); });
}

void Link::Start() {
  asio::post(strand_, [self = shared_from_this()] {
    if (self->phase_ == Phase::Ended) return;
    self->heartbeat_.Heard(Now());
    try {
      self->connection_->Connect();
      self->Spawn(Write(self), &Link::writing_);
      self->Spawn(Read(self), &Link::reading_);
    } catch (const std::bad_alloc&) {
      self->Break();
    }
    self->Watch();
  });
}

// Called where a coroutine has ended; destroyed uncalled where Asio found no memory for an operation of its, which
// destroys it: the clocks end the connection then.
struct Link::Left {
  std::shared_ptr<Link> link;
  bool Link::*running;

  Left(std::shared_ptr<Link> of, bool Link::*which) : link(std::move(of)), running(which) {}
  Left(Left&&) = default;
  ~Left() {
    if (link) link.get()->*running = false;
  }
  void operator()(std::exception_ptr failure) {
    const std::shared_ptr<Link> self = std::move(link);
    self.get()->*running = false;
    try {
      if (failure) self->Close({EndReason::Internal, 1011, {}, false, {}});
    } catch (const std::bad_alloc&) {
      self->Break();
    }
    self->RearmTimer();
  }
};

template <class Coroutine>
void Link::Spawn(Coroutine coroutine, bool Link::*running) {
  this->*running = true;
  asio::co_spawn(strand_, std::move(coroutine), Left(shared_from_this(), running));
}

// The timer's handler: a coroutine would take 0.8 kB more. Where it is destroyed without being called, its context is,
// and it frees what waits at the gates, which no context knows.
struct Link::Sentinel {
  std::shared_ptr<Link> link;

  explicit Sentinel(std::shared_ptr<Link> watched) : link(std::move(watched)) {}
  Sentinel(Sentinel&&) = default;
  ~Sentinel() {
    if (!link) return;
    link->reader_gate_.Drop();
    link->writer_gate_.Drop();
  }
  void operator()(Error) {
    const std::shared_ptr<Link> self = std::move(link);
    self->Watch();
  }
};

void Link::Watch() {
  try {
    const Time now = Now();
    CheckClocks(now);
    if (phase_ == Phase::Ended) return asio::co_spawn(strand_, LastRites(shared_from_this()), asio::detached);
    sleeping_until_ = connection_->ExpireRequests(now, NextDeadline());
    timer_.expires_at(sleeping_until_);
    timer_.async_wait(Sentinel(shared_from_this()));
  } catch (const std::bad_alloc&) {
    Break();
  }
}

void Link::CheckClocks(Time now) {
  if (phase_ == Phase::Closing && closing_.HasPassed(now)) return End(false);
  if (phase_ != Phase::Open) return;
  const Heartbeat::Verdict verdict = heartbeat_.Check(now);
  if (verdict == Heartbeat::Verdict::Dead)
    return Close({EndReason::HeartbeatTimeout, 3008, "nothing was heard", false, {}});
  if (message_.HasPassed(now)) return Close({EndReason::Timeout, 3008, "the message took too long", false, {}});
  if (write_.HasPassed(now)) return Close({EndReason::SlowConsumer, 1013, "too slow", false, {}});
  if (unread_.HasPassed(now)) return Close({EndReason::Stalled, 1013, "busy", false, {}});
  if (slowed_ && rate_.GivesUpAt() <= now) return Close({EndReason::RateLimited, 1013, "too much", false, {}});
  if (slowed_ && rate_.ReadyAt() <= now) reader_gate_.Open();
  if (verdict == Heartbeat::Verdict::SendPing) {
    ping_due_ = true;
    writer_gate_.Open();
  }
}

Time Link::NextDeadline() const {
  if (phase_ == Phase::Closing) return closing_.At();  // the others are not checked any more
  const Time next = std::min({heartbeat_.Next(), message_.At(), write_.At(), unread_.At(), closing_.At()});
  return slowed_ ? std::min({next, rate_.ReadyAt(), rate_.GivesUpAt()}) : next;
}

void Link::RearmTimer() {
  RearmTimer(phase_ == Phase::Ended ? Time::min() : NextDeadline());
}

void Link::RearmTimer(Time deadline) {
  // While it opens, the timer is the handshake's.
  if (phase_ != Phase::Opening && deadline < sleeping_until_) timer_.cancel();
}

void Link::Close(CloseReason reason) {
  if (phase_ == Phase::Opening) return CloseEarly(std::move(reason));
  if (phase_ != Phase::Open) return;
  phase_ = Phase::Closing;
  reason_ = std::move(reason);
  graceful_ = IsGraceful(reason_.reason);
  connection_->BeginClosing();
  if (!graceful_) connection_->DropQueue();
  const Time now = Now();
  heartbeat_.Pause(now);
  closing_.StartOnce(now);
  flush_.Start(now);
  // A reader that was held goes on: the peer's close frame may be behind what it held.
  reader_gate_.Open();
  writer_gate_.Open();
  RearmTimer();
}

void Link::Abort() {
  if (phase_ == Phase::Opening) {
    phase_ = Phase::Ended;
    stop_authorize_.emit(asio::cancellation_type::terminal);
  } else {
    Fail(asio::error::operation_aborted);
  }
  stream_->Close();
}

// Reader and writer find the stream closed, and leave; there is nobody to see off.
void Link::Break() noexcept {
  stream_->Close();
  try {
    Fail(asio::error::no_memory);
  } catch (const std::bad_alloc&) {
    // The last to let go of the link ends the connection.
  }
}

void Link::Fail(Error error) {
  if (phase_ == Phase::Open) reason_ = {EndReason::TransportError, 1006, {}, false, error};
  End(false);
}

void Link::End(bool clean) {
  if (phase_ == Phase::Ended) return;
  clean_ = clean;
  const Phase before = std::exchange(phase_, Phase::Ended);
  try {
    connection_->End(reason_);
  } catch (const std::bad_alloc&) {
    phase_ = before;  // whoever finds it next, a clock at the latest, ends it
    throw;
  }
  reader_gate_.Open();
  writer_gate_.Open();
  RearmTimer();
}

// Lets the peer read our last words before the stream is closed, within the time that closing has.
asio::awaitable<void> Link::SeeOff() {
  if (!clean_) stream_->Close();
  stream_->CancelRead();
  closing_.StartOnce(Now());
  timer_.expires_at(closing_.At());
  while (reading_ || writing_) {
    // Whoever leaves cancels the wait.
    const auto [error] = co_await timer_.async_wait(as_tuple);
    if (error) continue;
    stream_->Close();
    timer_.expires_at(Time::max());
  }
  if (clean_ && !closing_.HasPassed(Now())) {
    timer_.expires_at(closing_.At());
    timer_.async_wait([self = shared_from_this()](Error error) {
      if (!error) self->stream_->Close();
    });
    auto shutdown = [this](auto handler) { stream_->AsyncShutdown(std::move(handler)); };
    co_await asio::async_initiate<decltype(as_tuple), void(Error)>(shutdown, as_tuple);
    timer_.cancel();
  }
  stream_->Close();
}

}  // namespace ws::transport
