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

// --- Sending

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

// --- Requests

void Connection::SendRequest(PreparedRequest request, std::chrono::milliseconds timeout, ReplyWaiter waiter) {
  if (timeout == std::chrono::milliseconds::zero()) timeout = options_->request_timeout;
  const auto deadline = protocol::DeadlineAfter(std::chrono::steady_clock::now(), timeout);
  if (auto* coroutine = std::get_if<Completion<Reply>>(&waiter)) {
    coroutine->OnCancel([weak = weak_from_this(), id = request.id] {
      if (const auto self = weak.lock()) self->CancelRequest(id);
    });
  }
  requests_.Send(std::move(request), deadline, std::move(waiter));
}

Error Connection::QueueRequest(protocol::FramePtr frame) {
  Queued queued;
  {
    const std::lock_guard lock(mutex_);
    if (IsClosing()) return Errc::Closed;
    queued = outbox_.EmitRequest(MakeOutgoing(std::move(frame)));
    OnQueued(queued);
    WakeReaderIfRoom();  // with open requests the reader may go on
  }
  return ToError(queued);
}

void Connection::RemoveQueuedRequest(const protocol::FramePtr& frame) {
  {
    const std::lock_guard lock(mutex_);
    if (!outbox_.Remove(frame)) return;
  }
  OnRoomAvailable();
}

void Connection::WatchDeadline(Requests::Time deadline) {
  const std::lock_guard lock(mutex_);
  if (link_ != nullptr) link_->RearmTimer(deadline);
  if (lifecycle_.Current() >= State::Open) return;
  // The wait keeps the connection alive, because the last handle may be gone before the deadline.
  unopened_timer_.Arm(runner_.Executor(), deadline, [self = shared_from_this()](const RequestTimer::Timer& expired) {
    {
      const std::lock_guard timer_lock(self->mutex_);
      self->unopened_timer_.Disarm(expired);
    }
    self->WatchDeadline(self->requests_.Expire(std::chrono::steady_clock::now(), Requests::Time::max()));
  });
}

void Connection::CompleteRequest(ReplyWaiter waiter, MakeReply make) {
  if (auto* coroutine = std::get_if<Completion<Reply>>(&waiter)) return std::move(*coroutine).Complete(std::move(make));
  const std::lock_guard lock(mutex_);
  RunRequestCallback(std::get<1>(std::move(waiter)), std::move(make), true);
}

void Connection::RejectRequest(ReplyWaiter waiter, Error error) {
  MakeReply make = [error] { return Reply{error, nullptr, {}}; };
  if (auto* coroutine = std::get_if<Completion<Reply>>(&waiter)) return std::move(*coroutine).Complete(std::move(make));
  auto& callback = std::get<1>(waiter);
  {
    // `disconnect` does not wait for a callback that comes after the end: one that sends a request again and again
    // would delay it forever.
    const std::lock_guard lock(mutex_);
    if (lifecycle_.Current() != State::Finished)
      return RunRequestCallback(std::move(callback), std::move(make), !IsDisconnected());
  }
  CallBack(callback, make);  // in this thread, because the executor may have ended
}

void Connection::RunRequestCallback(std::function<void(Reply)> callback, MakeReply make, bool delays_disconnect) {
  auto call = [retained = retained_, self = shared_from_this(), callback = std::move(callback),
               make = std::move(make)] { self->CallBack(callback, make); };
  const auto& mailbox = runner_.GetMailbox(*this);
  if (delays_disconnect && mailbox) return mailbox->RunConcurrently(std::move(call));
  asio::post(runner_.Executor(), std::move(call));
}

void Connection::CallBack(const std::function<void(Reply)>& callback, const MakeReply& make) const {
  const Connection* const outer = std::exchange(calling_, this);
  try {
    callback(make());
  } catch (const std::exception& failure) {
    Log(LogLevel::Severe, "a request's callback threw", failure.what());
  } catch (...) {
    Log(LogLevel::Severe, "a request's callback threw");
  }
  calling_ = outer;
}

void Connection::ResolveRequest(const protocol::Envelope& ack) {
  const auto id = ack.NumericId();
  auto waiter = id ? requests_.Resolve(*id) : std::nullopt;
  if (!waiter) return;  // the reply is late
  ReceivedReply received{std::string(ack.data), std::string(ack.error)};
  {
    const std::lock_guard lock(mutex_);
    inbox_.AddReply(received.Size());
  }
  CompleteRequest(std::move(*waiter), [self = shared_from_this(), received = std::move(received)] {
    self->Release(received.Size());
    try {
      return received.Parse();
    } catch (const std::bad_alloc&) {  // caught here, because this runs on the caller's executor
      self->OnFailure();
      return Reply{make_error_code(boost::system::errc::not_enough_memory), nullptr, {}};
    }
  });
}

// --- Receiving

bool Connection::Receive(std::string text, MessageType type) {
  received_.Count(text.size());
  if (callbacks_.FindRaw()) {
    received_.Add(std::make_shared<EventDispatch>(EventKind::Raw, std::move(text), type, Message::Layout()));
    return true;
  }
  const RoutedMessage routed(text, type, options_->max_depth);
  const protocol::Envelope& envelope = routed.Envelope();
  if (!routed.IsMalformed()) received_.ResetMalformed();
  switch (routed.To()) {
    case Destination::Callbacks:
      received_.Add(routed.MakeDispatch(std::move(text), type));
      return true;
    case Destination::Request:
      ResolveRequest(envelope);
      return true;
    case Destination::Pong:
      Send(ReplyWriter::Pong(), {});
      if (!envelope.id.empty()) Send(reply_writer_.Reply(envelope.id, Json()), envelope.Event());
      return true;
    case Destination::Ignored:
      return true;
    case Destination::Error:
      break;
  }
  const Failure failure = routed.ErrorForPeer();
  if (routed.IsMalformed()) Log(LogLevel::Debug, failure.code, "at byte " + std::to_string(routed.ErrorOffset()));
  Send(reply_writer_.Error(envelope.id, envelope.Event(), failure), envelope.Event());
  return !routed.IsMalformed() || !received_.CountMalformed(options_->max_malformed);
}

void Connection::Deliver() {
  dispatch::Mailbox* mailbox = nullptr;
  {
    const std::lock_guard lock(mutex_);
    inbox_.Add(received_.PopReceived());  // before a callback releases its part
    mailbox = runner_.Mailbox().get();
  }
  if (received_.Dispatches().empty()) return;
  if (options_->callback_thread == CallbackThread::Io) {
    mailbox->PutAndDrain(received_.Dispatches());
  } else {
    mailbox->Put(received_.Dispatches());
  }
}

bool Connection::ShouldPauseReading() {
  const std::lock_guard lock(mutex_);
  inbox_.Add(received_.PopReceived());
  return IsOpen() && inbox_.ShouldPauseReading(requests_.AnyOpen(), outbox_.IsCongested());
}

void Connection::WakeReaderIfRoom() {
  if (inbox_.ShouldResumeReading(requests_.AnyOpen(), outbox_.IsCongested()) && link_ != nullptr) link_->WakeReader();
}

void Connection::Release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  inbox_.Release(bytes);
  WakeReaderIfRoom();
}

bool Connection::CanStart() {
  const std::lock_guard lock(mutex_);
  return IsDisconnected() || !outbox_.ShouldHoldCallbacks();
}

dispatch::CallbackList Connection::FindCallbacks(EventKind kind, const Message& message) {
  dispatch::CallbackList found;
  if (kind == EventKind::Connect || kind == EventKind::Disconnect) {
    const std::lock_guard lock(mutex_);
    runner_.StartConnect();
    if (runner_.HasDeliveredConnect()) found = callbacks_.FindLifecycle(kind);
  } else if (!discards_ && kind == EventKind::Raw) {
    found.Add(callbacks_.FindRaw());
  } else if (!discards_) {
    found = callbacks_.FindEvent(message.Event());
  }
  return found;
}

void Connection::OnHandled(EventKind kind, const Message& message, dispatch::DispatchResult result) {
  if (kind == EventKind::Disconnect) return Finish(nullptr);
  if (kind == EventKind::Message) {
    if (const auto answer = reply_writer_.ForResult(message, result)) Send(*answer, message.Event());
  }
  if (IsFromPeer(kind)) Release(message.Size());
}

void Connection::OnCallbackException(const Message& message, std::string_view what) {
  Log(LogLevel::Severe, "a callback threw", std::string(message.Event()).append(": ").append(what));
}

void Connection::OnFailure() {
  Close(MakeCloseReason(EndReason::Internal));
}

// --- Opening and ending

bool Connection::Attach(LinkControl& link, asio::any_io_executor strand, HttpRequest request) {
  const std::lock_guard lock(mutex_);
  if (!lifecycle_.Begin()) return false;
  handshake_.SetRequest(std::move(request));
  link_ = &link;
  runner_.SetStrand(std::move(strand));
  return true;
}

void Connection::OnOpened() {
  {
    const std::lock_guard lock(mutex_);
    runner_.MakeMailbox(weak_from_this());
    unopened_timer_.Cancel();
    lifecycle_.Reach(State::Open);
  }
  OnRoomAvailable();  // OnDrain on the I/O strand needs the mailbox
  if (options_->hub) options_->hub->OnOpened(shared_from_this());
}

void Connection::DeliverConnect() {
  dispatch::CallbackList callbacks;  // destroyed without the lock
  {
    const std::lock_guard lock(mutex_);
    callbacks = callbacks_.FindLifecycle(EventKind::Connect);
    runner_.BeginConnect(callbacks.Size() != 0);
  }
  if (callbacks.Size() == 0) return;  // On delivers `connect` to a callback that is registered later
  received_.AddLifecycle(std::make_shared<EventDispatch>(EventKind::Connect, "connect", Json()));
  Deliver();
}

void Connection::Close(CloseReason reason) {
  const bool graceful = IsGraceful(reason.reason);
  CallbackRunner::MailboxPtr mailbox;
  bool has_link = false;
  {
    const std::lock_guard lock(mutex_);
    has_link = lifecycle_.Current() != State::New;
    if (!lifecycle_.Reach(State::Closing)) return;
    mailbox = runner_.Mailbox();
    discards_ = graceful;
    if (link_ != nullptr) link_->Close(reason);
  }
  RejectEmitWaiters(PendingCompletions(nullptr));
  if (mailbox && graceful) mailbox->Discard();
  if (!has_link) OnDisconnected(reason);
}

void Connection::BeginClosing() {
  Deliver();
  {
    const std::lock_guard lock(mutex_);
    lifecycle_.Reach(State::Closing);
  }
  RejectEmitWaiters(PendingCompletions(nullptr));
}

void Connection::RejectEmitWaiters(const PendingCompletions& completions) {
  const auto first = [this] {
    const std::lock_guard lock(mutex_);
    return outbox_.CancelFirstWaiter();
  };
  while (auto waiter = first()) completions.Complete(std::move(*waiter), Errc::Closed);
}

void Connection::Abort() {
  CallbackRunner::MailboxPtr mailbox;
  {
    const std::lock_guard lock(mutex_);
    mailbox = runner_.Mailbox();
    if (link_ != nullptr) link_->Abort();
  }
  if (!mailbox) return;
  mailbox->Discard();
  mailbox->Cancel();
}

bool Connection::Disconnect(std::uint16_t code, const asio::execution_context* ending) {
  const PendingCompletions completions(ending);
  dispatch::CallbackPtr on_drain;  // destroyed without the lock
  bool pool_is_ending = false;
  {
    const std::lock_guard lock(mutex_);
    if (!lifecycle_.Reach(State::Disconnected)) return false;
    end_code_ = code;
    link_ = nullptr;
    pool_is_ending = completions.IsEnding(runner_.Executor());
    runner_.SetStrand({});
    outbox_.Clear();
    unopened_timer_.Cancel();
    on_drain.swap(on_drain_);
  }
  lifecycle_.NotifyObservers(*this);
  RejectEmitWaiters(completions);
  completions.Complete(lifecycle_.RemoveWaiters(State::Disconnected));
  requests_.FailAll([&](const ReplyWaiter& waiter) {
    const auto* coroutine = std::get_if<Completion<Reply>>(&waiter);
    return coroutine != nullptr ? completions.IsEnding(*coroutine) : pool_is_ending;
  });
  return true;
}

bool Connection::NeedsMailboxToFinish() const {
  if (callbacks_.HasOwn()) return true;
  dispatch::CallbackList callbacks;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  if (runner_.HasDeliveredConnect()) callbacks = callbacks_.FindLifecycle(EventKind::Disconnect);
  return callbacks.Size() != 0;
}

void Connection::OnDisconnected(const CloseReason& reason) {
  Deliver();
  if (!Disconnect(reason.code, nullptr)) return;
  CallbackRunner::MailboxPtr mailbox;
  {
    const std::lock_guard lock(mutex_);
    mailbox = runner_.Mailbox();
  }
  if (!mailbox || (mailbox->IsIdle() && !NeedsMailboxToFinish())) return Finish(nullptr);
  mailbox->Cancel();
  // The last message. FindCallbacks returns no callbacks if `connect` was not delivered. OnHandled calls Finish.
  std::vector<ReceiveBatch::DispatchPtr> last{
      std::make_shared<EventDispatch>(EventKind::Disconnect, "disconnect", Json(reason))};
  mailbox->Put(last);
  mailbox->Resume();
}

void Connection::OnAbandoned() {
  CallbackRunner::MailboxPtr mailbox;
  const asio::execution_context* ending = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (runner_.Strand()) ending = &asio::query(runner_.Strand(), asio::execution::context);
  }
  if (!Disconnect(protocol::close_code::abnormal_closure, ending)) return;
  {
    const std::lock_guard lock(mutex_);
    mailbox = runner_.Mailbox();
  }
  if (mailbox && !PendingCompletions(ending).IsEnding(mailbox->Executor())) mailbox->Cancel();
  Finish(ending);
}

void Connection::Finish(const asio::execution_context* ending) {
  callbacks_.Own().Close();
  CallbackRunner::MailboxPtr mailbox;
  std::shared_ptr<void> retained;
  {
    const std::lock_guard lock(mutex_);
    lifecycle_.Reach(State::Finished);
    mailbox = runner_.ReleaseMailbox();
    retained.swap(retained_);
  }
  // A waiter may destroy the pool once it is completed.
  if (mailbox && ending == nullptr) mailbox->ReleaseExecutor();
  PendingCompletions(ending).Complete(lifecycle_.RemoveWaiters(State::Finished));
}

}  // namespace ws::connection
