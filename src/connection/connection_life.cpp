// The opening and the end of a connection.
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include "connection/close_reasons.hpp"
#include "connection/connection.hpp"
#include "ws/detail/protocol/close_frame.hpp"

namespace ws::connection {

namespace asio = boost::asio;
using dispatch::EventDispatch;
using dispatch::EventKind;

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
