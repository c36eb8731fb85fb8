// What a connection asks its peer, and the replies that it waits for.
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/link.hpp"
#include "ws/detail/protocol/envelope_writer.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using protocol::Admission;
using protocol::Frame;
using protocol::Outgoing;

Connection::Question Connection::Prepare(std::string_view event, const Json& data) {
  static std::atomic<std::uint64_t> last = 0;
  Question question{++last, {}, {}};
  if (!protocol::IsEmittable(event)) {
    question.error = Errc::InvalidEvent;
    return question;
  }
  std::string text = Frame::Begin();
  protocol::AppendEnvelope(text, event, std::to_string(question.id), data);
  question.frame = std::make_shared<const Frame>(std::move(text), MessageType::Text);
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
  const std::weak_ptr<const Frame> frame = question.frame;
  Outgoing message{std::move(question.frame), protocol::Origin::Protocol, false};
  Error error = question.error;
  std::optional<Asked> unasked;  // destroyed under no lock
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
      try {
        replies_.Open(id, {std::move(waiter), frame}, deadline);
        WakeWriter();
        WakeReaderIfRoom();
        if (state_ < State::Open) WatchUnopened(deadline);
        if (deadline < watched_until_) PostToLink([deadline](Link& link) { link.RearmTimer(deadline); });
        return;
      } catch (const std::bad_alloc&) {
        unasked = replies_.Take(id);
        if (const protocol::FramePtr queued = frame.lock()) queue_.Recall(queued);
        throw;
      }
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
  // It belongs to its own wait, and so to the pool: a handle may outlive that. The wait keeps the connection, whose
  // last handle may be gone before anybody is told.
  const auto timer = std::make_shared<asio::steady_timer>(LockedPool(), deadline);
  unopened_ = timer;
  timer->async_wait([self = shared_from_this(), timer](Error cancelled) {
    if (cancelled) return;
    try {
      self->ExpireRequests(std::chrono::steady_clock::now(), std::chrono::steady_clock::time_point::max());
      const std::lock_guard lock(self->mutex_);
      if (self->unopened_.lock() != timer) return;
      self->unopened_.reset();
      self->WatchUnopened(self->replies_.NextDeadline());  // also of what was asked meanwhile
    } catch (const std::bad_alloc&) {
      // The next request watches the others too.
    }
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
  FailRequest([&] { return replies_.Take(id); }, Errc::Cancelled);
}

std::chrono::steady_clock::time_point Connection::ExpireRequests(std::chrono::steady_clock::time_point now,
                                                                 std::chrono::steady_clock::time_point next) {
  const auto expired = [&] {
    auto request = replies_.TakeExpired(now);
    if (!request) watched_until_ = next = std::min(next, replies_.NextDeadline());
    return request;
  };
  while (FailRequest(expired, Errc::TimedOut)) continue;
  return next;
}

template <class TakeRequest>
bool Connection::FailRequest(TakeRequest take, Errc error) {
  bool recalled = false;
  {
    const std::lock_guard lock(mutex_);  // over both: the end may not come between
    std::optional<Asked> request = take();
    if (!request) return false;
    LockedAnswer(std::move(request->waiter), [error] { return ws::Reply{error, nullptr, {}}; });
    if (const protocol::FramePtr frame = request->frame.lock()) recalled = queue_.Recall(frame);
  }
  if (recalled) OfferRoom();
  return true;
}

void Connection::Answer(ReplyWaiter waiter, std::function<ws::Reply()> make) {
  const std::lock_guard lock(mutex_);
  LockedAnswer(std::move(waiter), std::move(make));
}

// `make` runs where the reply is wanted: a large one is parsed there, not on the strand.
void Connection::LockedAnswer(ReplyWaiter waiter, std::function<ws::Reply()> make, bool before_disconnect) {
  if (auto* coroutine = std::get_if<Completion<ws::Reply>>(&waiter))
    return std::move(*coroutine).Complete(std::move(make));
  // All is over only behind it, also where no mailbox counts it.
  auto call = [keep = keep_, self = shared_from_this(), callback = std::get<1>(std::move(waiter)),
               make = std::move(make)] { self->Call(callback, make); };
  if (!before_disconnect || !LockedMailbox()) return asio::post(LockedPool(), std::move(call));
  mailbox_->RunBeside(std::move(call));
}

void Connection::Call(const std::function<void(ws::Reply)>& callback, const std::function<ws::Reply()>& make) const {
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

}  // namespace ws::transport
