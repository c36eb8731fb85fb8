// The requests of a connection, and the messages that it receives.
#include <boost/asio/post.hpp>
#include <new>

#include "connection/close_reasons.hpp"
#include "connection/connection.hpp"
#include "connection/message_router.hpp"
#include "ws/detail/protocol/deadline.hpp"

namespace ws::connection {

namespace asio = boost::asio;
using dispatch::EventDispatch;
using dispatch::EventKind;

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

}  // namespace ws::connection
