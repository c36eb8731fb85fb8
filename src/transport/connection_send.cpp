// What a connection sends: messages, requests, and the answers to the peer's.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/link.hpp"
#include "ws/protocol/envelope_writer.hpp"
#include "ws/protocol/names.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Admission;
using protocol::Frame;
using protocol::Outgoing;
using protocol::SendQueue;

void Connection::WakeWriter() {
  if (writer_awake_) return;
  if (link_ != nullptr) Wake(*link_, strand_, &Link::WakeWriter);
  writer_awake_ = true;
}

void Connection::WakeReaderIfRoom() {
  if (!holding_ || queue_.IsCongested()) return;
  if (!inbound_.HalfDone() && (replies_.IsEmpty() || inbound_.Full(true))) return;
  if (link_ != nullptr) Wake(*link_, strand_, &Link::WakeReader);
  holding_ = false;
}

Error Connection::Emit(protocol::FramePtr frame) {
  return Queue(std::move(frame), &SendQueue<Waiter>::Emit);
}

Error Connection::EmitVolatile(protocol::FramePtr frame) {
  if (state_ != State::Open) return Errc::Closed;
  return Queue(std::move(frame), &SendQueue<Waiter>::EmitVolatile);
}

Error Connection::Queue(protocol::FramePtr frame, Push push) {
  Outgoing message{std::move(frame), protocol::Origin::Emit, false};
  Admission admission;
  bool loss = false;
  {
    const std::lock_guard lock(mutex_);
    if (state_ >= State::Closing) return Errc::Closed;
    message.from_callback = IsInside();
    admission = (queue_.*push)(std::move(message));
    loss = queue_.TakeFirstLoss();
    if (admission == Admission::Queued) WakeWriter();
  }
  return Judge(admission, loss);
}

Error Connection::Judge(Admission admission, bool loss) {
  if (loss) Log(LogLevel::Warning, "the write queue is full: messages are lost");
  // Without a transport yet there is nobody to close on: the caller learns of it.
  if (admission == Admission::Overflowed && state_ != State::New)
    Close({EndReason::SlowConsumer, 1013, "too slow", false, {}});
  if (admission == Admission::Queued) return {};
  return admission == Admission::TooLarge ? Errc::TooLarge : Errc::QueueFull;
}

asio::awaitable<Error> Connection::EmitWhenRoom(std::shared_ptr<Connection> self, protocol::FramePtr frame) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Outgoing message{std::move(frame), protocol::Origin::Waiting, false};
  {
    const std::lock_guard lock(self->mutex_);
    if (self->state_ >= State::Closing) co_return Errc::Closed;
    message.from_callback = self->IsInside();
    const Admission admission = self->queue_.EmitIfRoom(message);
    if (admission == Admission::Queued) self->WakeWriter();
    if (admission != Admission::Waiting) co_return self->Judge(admission, false);
  }
  bool loss = false;
  auto wait = [&](auto handler) {
    const auto keep = self;  // the coroutine may be gone before this returns
    Waiter waiter(executor, std::move(handler));
    std::unique_lock lock(self->mutex_);
    Admission admission = Admission::Queued;
    Error error = Errc::Closed;
    if (self->state_ < State::Closing) {
      const std::uint64_t id = ++self->last_waiter_;
      waiter.OnCancel([weak = std::weak_ptr(self), id] {
        if (const auto connection = weak.lock()) connection->AbandonEmit(id);
      });
      admission = self->queue_.EmitWhenRoom(std::move(message), waiter, id);
      if (admission == Admission::Waiting) return;
      if (admission == Admission::Queued) self->WakeWriter();
      loss = self->queue_.TakeFirstLoss();
      error = admission == Admission::Queued ? Error() : Error(Errc::QueueFull);
    }
    lock.unlock();
    std::move(waiter).Complete([error] { return error; });
  };
  const auto [error] = co_await asio::async_initiate<decltype(token), void(Error)>(wait, token);
  if (loss) self->Judge(Admission::Full, true);
  co_return error;
}

void Connection::AbandonEmit(std::uint64_t id) {
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    waiter = queue_.Withdraw(id);
  }
  if (waiter) std::move(*waiter).Complete([] { return Error(Errc::Cancelled); });
}

void Connection::PushProtocol(std::string text) {
  Outgoing message{std::make_shared<const Frame>(std::move(text), Kind::Text), protocol::Origin::Protocol, false};
  const std::lock_guard lock(mutex_);
  if (state_ >= State::Closing) return;
  message.from_callback = IsInside();
  queue_.Push(std::move(message));
  WakeWriter();
}

void Connection::Take(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
  const std::lock_guard lock(mutex_);
  queue_.Take(batch, max_messages, max_bytes);
  writer_awake_ = !batch.empty();
}

void Connection::Sent(std::vector<Outgoing>& batch, bool lost) {
  std::vector<Waiter> admitted;
  dispatch::CallbackPtr on_drain;
  std::shared_ptr<dispatch::Mailbox> mailbox;
  {
    const std::lock_guard lock(mutex_);
    if (!lost) {
      counted_.messages_out += batch.size();
      for (const Outgoing& message : batch) counted_.bytes_out += message.Size();
    }
    queue_.Sent(batch);
    while (auto next = queue_.Admit()) admitted.push_back(std::move(next->waiter));
    if (queue_.TakeDrained()) on_drain = on_drain_;
    WakeReaderIfRoom();
    mailbox = mailbox_;
  }
  for (Waiter& waiter : admitted) std::move(waiter).Complete([] { return Error(); });
  if (!mailbox) return;
  mailbox->Wake();
  if (!on_drain) return;
  auto registration = std::make_shared<dispatch::Registration>();
  registration->callback = std::move(on_drain);
  auto drained = std::make_shared<dispatch::Exchange>(dispatch::Delivery::Drain, "drain", Json());
  drained->Only(std::move(registration));
  mailbox->RunBeside(std::move(drained));
}

void Connection::DropQueue() {
  const std::lock_guard lock(mutex_);
  queue_.Clear();
}

Connection::Question Connection::Prepare(std::string_view event, const Json& data) {
  static std::atomic<std::uint64_t> last = 0;
  Question question{++last, {}, {}};
  if (!protocol::IsEmittable(event)) {
    question.error = Errc::InvalidEvent;
    return question;
  }
  std::string text = Frame::Begin();
  protocol::AppendEnvelope(text, event, std::to_string(question.id), data);
  question.frame = std::make_shared<const Frame>(std::move(text), Kind::Text);
  return question;
}

void Connection::Ask(Question question, std::chrono::milliseconds timeout, ReplyWaiter waiter) {
  if (timeout == std::chrono::milliseconds::zero()) timeout = options_->request_timeout;
  const auto deadline = protocol::Later(std::chrono::steady_clock::now(), timeout);
  const std::uint64_t id = question.id;
  if (auto* coroutine = std::get_if<Completion<ws::Reply>>(&waiter)) {
    coroutine->OnCancel([weak = weak_from_this(), id] {
      if (const auto connection = weak.lock()) connection->AbandonRequest(id);
    });
  }
  Outgoing message{std::move(question.frame), protocol::Origin::Protocol, false};
  Error error = question.error;
  auto make = [&error] { return [error] { return ws::Reply{error, nullptr, {}}; }; };
  {
    const std::lock_guard lock(mutex_);
    message.from_callback = IsInside();
    if (state_ >= State::Closing) {
      error = Errc::Closed;
    } else if (error) {
      // told below
    } else if (!replies_.HasRoom()) {
      error = Errc::TooManyRequests;
    } else if (const Admission admission = queue_.Ask(std::move(message)); admission != Admission::Queued) {
      error = admission == Admission::TooLarge ? Errc::TooLarge : Errc::QueueFull;
    } else {
      replies_.Open(id, std::move(waiter), deadline);
      WakeWriter();
      WakeReaderIfRoom();
      if (state_ < State::Open) WatchUnopened(deadline);
      if (deadline < watched_until_) PostToLink([deadline](Link& link) { link.RearmTimer(deadline); });
      return;
    }
    // What is asked once the end has come must not put `disconnect` off for ever.
    if (state_ != State::Over) return LockedAnswer(std::move(waiter), make(), state_ < State::Ended);
  }
  // The pool may be gone with its server.
  if (auto* callback = std::get_if<std::function<void(ws::Reply)>>(&waiter)) return Call(*callback, make());
  LockedAnswer(std::move(waiter), make());
}

// Before the connection is open nobody else minds the deadlines.
void Connection::WatchUnopened(std::chrono::steady_clock::time_point deadline) {
  if (deadline == std::chrono::steady_clock::time_point::max()) return;
  const auto earlier = unopened_.lock();
  if (earlier && earlier->expiry() <= deadline) return;
  if (earlier) earlier->cancel();
  // It belongs to its own wait, and so to the pool: a handle may outlive that.
  const auto timer = std::make_shared<asio::steady_timer>(LockedPool(), deadline);
  unopened_ = timer;
  timer->async_wait([weak = weak_from_this(), timer](Error cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    const auto next =
        self->ExpireRequests(std::chrono::steady_clock::now(), std::chrono::steady_clock::time_point::max());
    const std::lock_guard lock(self->mutex_);
    if (self->unopened_.lock() != timer) return;
    self->unopened_.reset();
    self->WatchUnopened(next);
  });
}

void Connection::UnwatchUnopened() {
  if (const auto timer = std::exchange(unopened_, {}).lock()) timer->cancel();
}

asio::awaitable<ws::Reply> Connection::AskAndWait(std::shared_ptr<Connection> self, Question question,
                                                  std::chrono::milliseconds timeout) {
  constexpr auto token = asio::use_awaitable;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto ask = [&](auto handler) {
    const auto keep = self;  // the coroutine may be gone before this returns
    self->Ask(std::move(question), timeout, Completion<ws::Reply>(executor, std::move(handler)));
  };
  co_return co_await asio::async_initiate<decltype(token), void(ws::Reply)>(ask, token);
}

void Connection::AbandonRequest(std::uint64_t id) {
  std::optional<ReplyWaiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    waiter = replies_.Take(id);
  }
  if (waiter) Answer(std::move(*waiter), [] { return ws::Reply{Errc::Cancelled, nullptr, {}}; });
}

std::chrono::steady_clock::time_point Connection::ExpireRequests(std::chrono::steady_clock::time_point now,
                                                                 std::chrono::steady_clock::time_point next) {
  std::vector<ReplyWaiter> expired;
  {
    const std::lock_guard lock(mutex_);
    while (auto waiter = replies_.TakeExpired(now)) expired.push_back(std::move(*waiter));
    watched_until_ = next = std::min(next, replies_.NextDeadline());
  }
  for (ReplyWaiter& waiter : expired) Answer(std::move(waiter), [] { return ws::Reply{Errc::TimedOut, nullptr, {}}; });
  return next;
}

void Connection::Answer(ReplyWaiter waiter, std::function<ws::Reply()> make) {
  const std::lock_guard lock(mutex_);
  LockedAnswer(std::move(waiter), std::move(make));
}

// `make` runs where the reply is wanted: a large one is parsed there, not on the strand.
void Connection::LockedAnswer(ReplyWaiter waiter, std::function<ws::Reply()> make, bool before_disconnect) {
  if (auto* coroutine = std::get_if<Completion<ws::Reply>>(&waiter))
    return std::move(*coroutine).Complete(std::move(make));
  auto call = [self = shared_from_this(), callback = std::get<1>(std::move(waiter)), make = std::move(make)] {
    self->Call(callback, make);
  };
  // Before the connection is open there is no mailbox, and on its strand there cannot be one.
  const bool needs_one = !mailbox_ && state_ != State::Over && options_->callback_thread == CallbackThread::Pool;
  if (!before_disconnect || (!mailbox_ && !needs_one)) return asio::post(LockedPool(), std::move(call));
  if (needs_one) mailbox_ = std::make_shared<dispatch::Mailbox>(LockedPool(), weak_from_this());
  mailbox_->RunBeside(std::move(call));
}

void Connection::Call(const std::function<void(ws::Reply)>& callback, const std::function<ws::Reply()>& make) const {
  try {
    callback(make());
  } catch (const std::exception& failure) {
    Log(LogLevel::Severe, "a request's callback threw", failure.what());
  } catch (...) {
    Log(LogLevel::Severe, "a request's callback threw");
  }
}

}  // namespace ws::transport
