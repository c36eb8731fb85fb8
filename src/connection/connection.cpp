#include "connection/connection.hpp"

#include <boost/asio/post.hpp>
#include <new>

#include "connection/close_reasons.hpp"
#include "connection/log.hpp"
#include "connection/message_router.hpp"
#include "ws/detail/protocol/deadline.hpp"

namespace ws::connection {

namespace asio = boost::asio;
using dispatch::EventDispatch;
using dispatch::EventKind;
using protocol::Admission;
using protocol::Outgoing;

namespace {

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

Connection::Connection(std::shared_ptr<const Options> options)
    : options_(std::move(options)),
      id_(NextId()),
      reply_writer_(options_->max_outbound_bytes),
      callbacks_(options_->hub.get()),
      requests_(*this, options_->max_open_requests),
      runner_(*options_),
      outbox_({options_->max_outbound_messages, options_->max_outbound_bytes, options_->overflow}),
      inbox_(options_->max_inbound_messages, options_->max_inbound_bytes) {}

Connection::~Connection() {
  lifecycle_.NotifyObservers(*this);
}

CallbackId Connection::On(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  const auto registration = callbacks_.Own().Add(event, std::move(callback), order, once);
  if (!registration) return CallbackId::None;
  if (event != "connect") return registration->id;
  // EventDispatch ensures that no callback gets `connect` twice.
  const std::lock_guard lock(mutex_);
  if (runner_.HasDeliveredConnect() && !IsDisconnected()) runner_.DeliverConnect(registration);
  return registration->id;
}

CallbackId Connection::OnShared(dispatch::EventTable& table, std::string_view event, dispatch::CallbackPtr callback,
                                Order order, bool once) {
  const dispatch::CallbackPtr kept = callback;  // a callback that the table refuses is destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto registration = table.Add(event, std::move(callback), order, once);
  if (!registration) return CallbackId::None;
  if (event == "connect" && runner_.HasStartedConnect() && !IsDisconnected()) runner_.DeliverConnect(registration);
  return registration->id;
}

void Connection::OnDrain(dispatch::CallbackPtr callback) {
  const std::lock_guard lock(mutex_);
  if (!IsDisconnected()) on_drain_.swap(callback);
}

void Connection::TakeOverDrained(Connection& earlier) {
  const std::scoped_lock lock(mutex_, earlier.mutex_);
  outbox_.TakeOverDrained(earlier.outbox_);
}

bool Connection::RunningInThisThread() const {
  const std::lock_guard lock(mutex_);
  return calling_ == this || runner_.RunningInThisThread();
}

ConnectionStats Connection::Stats() const {
  const std::lock_guard lock(mutex_);
  ConnectionStats stats;
  outbox_.AddTo(stats);
  inbox_.AddTo(stats);
  if (const std::int64_t time = round_trip_; time >= 0) stats.round_trip = std::chrono::microseconds(time);
  return stats;
}

void Connection::Log(LogLevel level, std::string_view text, std::string_view detail) const {
  const LogField fields[] = {{"connection", std::to_string(id_)}, {"detail", Printable(detail)}};
  WriteLog(options_->log, {level, text, std::span(fields, detail.empty() ? 1 : 2)});
}

Outgoing Connection::MakeOutgoing(protocol::FramePtr frame) const {
  return {std::move(frame), protocol::MessageSource::Emit, runner_.RunningInThisThread()};
}

void Connection::OnQueued(const Queued& queued) {
  if (queued.wakes_writer && link_ != nullptr) link_->WakeWriter();
}

Error Connection::Push(protocol::FramePtr frame, Queued (Outbox<Waiter>::*queue)(Outgoing)) {
  Queued queued;
  {
    const std::lock_guard lock(mutex_);
    if (IsClosing()) return Errc::Closed;
    queued = (outbox_.*queue)(MakeOutgoing(std::move(frame)));
    OnQueued(queued);
  }
  if (queued.made_room) OnRoomAvailable();
  return ToError(queued);
}

Error Connection::ToError(const Queued& queued) {
  if (queued.first_loss) Log(LogLevel::Warning, "the write queue is full: messages are lost");
  // A connection without a transport is not closed; the caller only gets the error.
  if (queued.admission == Admission::Overflowed && lifecycle_.Current() != State::New)
    Close(MakeCloseReason(EndReason::SlowConsumer));
  if (queued.admission == Admission::Queued) return {};
  return queued.admission == Admission::TooLarge ? Errc::TooLarge : Errc::QueueFull;
}

Error Connection::EmitVolatile(protocol::FramePtr frame) {
  if (!IsOpen()) return Errc::Closed;
  return Push(std::move(frame), &Outbox<Waiter>::EmitVolatile);
}

std::optional<Error> Connection::EmitIfRoom(const protocol::FramePtr& frame) {
  Queued queued;
  {
    const std::lock_guard lock(mutex_);
    if (IsClosing()) return Errc::Closed;
    queued = outbox_.EmitIfRoom(MakeOutgoing(frame));
    OnQueued(queued);
  }
  if (queued.admission == Admission::Waiting) return std::nullopt;
  return ToError(queued);
}

void Connection::EmitWhenRoom(protocol::FramePtr frame, Waiter waiter) {
  std::optional<Queued> queued;
  {
    const std::lock_guard lock(mutex_);
    if (!IsClosing()) {
      const std::uint64_t id = ++last_waiter_;
      waiter.OnCancel([weak = weak_from_this(), id] {
        if (const auto self = weak.lock()) self->CancelEmit(id);
      });
      queued = outbox_.EmitWhenRoom(MakeOutgoing(std::move(frame)), waiter, id);
      if (queued->admission == Admission::Waiting) return;
      OnQueued(*queued);
    }
  }
  const Error error = queued ? ToError(*queued) : Errc::Closed;
  std::move(waiter).Complete([error] { return error; });
}

void Connection::CancelEmit(std::uint64_t id) {
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    waiter = outbox_.CancelWaiter(id);
  }
  if (!waiter) return;
  std::move(*waiter).Complete([] { return Error(Errc::Cancelled); });
  OnRoomAvailable();
}

void Connection::OnRoomAvailable() {
  std::vector<Outgoing> none;
  CompleteBatch(none, false);
}

// If the write queue is full, the connection's next message waits until this answer is sent.
void Connection::Send(const Answer& answer, std::string_view event) {
  if (answer.was_too_large) Log(LogLevel::Severe, "a reply is larger than the write queue", event);
  const std::lock_guard lock(mutex_);
  if (IsClosing() || (answer.is_error_event && !inbox_.AllowError(std::chrono::steady_clock::now()))) return;
  OnQueued(outbox_.PushProtocol(MakeOutgoing(answer.frame)));
}

void Connection::PopBatch(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  outbox_.PopBatch(batch, max_messages, max_bytes);
}

void Connection::CompleteBatch(std::vector<Outgoing>& batch, bool was_sent) {
  std::vector<Waiter> admitted;
  CallbackRunner::MailboxPtr mailbox;
  dispatch::CallbackPtr on_drain;
  {
    const std::lock_guard lock(mutex_);
    outbox_.CompleteBatch(batch, was_sent);
    if (!IsClosing()) {  // otherwise RejectEmitWaiters completes them
      while (auto waiter = outbox_.AdmitWaiter()) admitted.push_back(std::move(*waiter));
    }
    mailbox = runner_.GetMailbox(*this);
    // After the end of a client's connection, its next connection calls OnDrain instead.
    if (mailbox && !IsDisconnected() && outbox_.ConsumeDrained()) on_drain = on_drain_;
    WakeReaderIfRoom();
  }
  for (Waiter& waiter : admitted) std::move(waiter).Complete([] { return Error(); });
  if (mailbox) mailbox->Resume();
  if (!on_drain) return;
  auto registration = std::make_shared<dispatch::Registration>();
  registration->callback = std::move(on_drain);
  auto drained = std::make_shared<EventDispatch>(EventKind::Drain, "drain", Json());
  drained->RunOnly(std::move(registration));
  mailbox->RunConcurrently(std::move(drained));
}

void Connection::DropQueue() {
  const std::lock_guard lock(mutex_);
  outbox_.Clear();
}

}  // namespace ws::connection
