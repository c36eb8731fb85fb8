// A connection's life: from Init to the end of its last callback.
#include <boost/asio/async_result.hpp>
#include <boost/asio/this_coro.hpp>

#include "transport/as_tuple.hpp"
#include "transport/link.hpp"

namespace ws::transport {

namespace asio = boost::asio;
using dispatch::Delivery;
using dispatch::Exchange;

namespace {

// What must be done once the end has begun, though it may find no memory at first.
template <class Step>
void TryTwice(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    step();
  }
}

}  // namespace

bool Connection::Attach(Link& link, asio::any_io_executor strand, HttpRequest handshake) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::Opening || state_ == State::Open) throw std::logic_error("ws::Handler::Init was called twice");
  if (state_ != State::New) return false;
  handshake_ = std::move(handshake);
  state_ = State::Opening;
  link_ = &link;
  strand_ = std::move(strand);
  return true;
}

void Connection::Open() {
  {
    const std::lock_guard lock(mutex_);
    if (!mailbox_) mailbox_ = std::make_shared<dispatch::Mailbox>(LockedPool(), weak_from_this());
    UnwatchUnopened();
    if (state_ == State::Opening) state_ = State::Open;
  }
  OfferRoom();  // on the strand nobody could be told before
  if (options_->hub) options_->hub->Admit(shared_from_this());
}

void Connection::Connect() {
  dispatch::Listeners heard_by;  // destroyed under no lock
  {
    const std::lock_guard lock(mutex_);
    connected_ = true;
    heard_by = FindLifecycle(Delivery::Connect);
    connect_begun_ = heard_by.Size() == 0;
  }
  if (heard_by.Size() == 0) return;  // who listens later is told then
  try {
    received_.push_back(std::make_shared<Exchange>(Delivery::Connect, "connect", Json()));
    Deliver();
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(mutex_);
    connected_ = false;  // nobody is told of its end
    throw;
  }
}

void Connection::Deliver() {
  {
    const std::lock_guard lock(mutex_);
    CountArrived();  // before a callback takes its part off again
  }
  if (received_.empty()) return;
  if (options_->callback_thread == CallbackThread::Io) {
    mailbox_->PutAndDrain(received_);
  } else {
    mailbox_->Put(received_);
  }
}

void Connection::Close(CloseReason reason) {
  const bool graceful = IsGraceful(reason.reason);
  std::shared_ptr<dispatch::Mailbox> mailbox;
  bool never_opened = false;
  {
    const std::lock_guard lock(mutex_);
    if (state_ >= State::Closing) return;
    mailbox = mailbox_;
    never_opened = state_ == State::New;
    PostToLink([reason](Link& link) { link.Close(reason); });
    state_ = State::Closing;
    discards_ = graceful;
  }
  RefuseWaiters({});
  if (mailbox && graceful) mailbox->Discard();
  if (never_opened) End(reason);
}

void Connection::Broke() noexcept {
  try {
    Close({EndReason::Internal, 1011, {}, false, {}});
  } catch (const std::bad_alloc&) {
    // Its clocks are left.
  }
}

void Connection::BeginClosing() {
  Deliver();
  {
    const std::lock_guard lock(mutex_);
    if (state_ < State::Closing) state_ = State::Closing;
  }
  RefuseWaiters({});
}

// Taken one by one: to gather them would need memory, and none come any more.
void Connection::RefuseWaiters(const Leftovers& end) {
  const auto first = [this] {
    const std::lock_guard lock(mutex_);
    return queue_.WithdrawFirst();
  };
  while (auto waiter = first()) end.Complete(std::move(*waiter), Errc::Closed);
}

void Connection::RefuseRequests(const Leftovers& end) {
  const auto first = [this] {
    const std::lock_guard lock(mutex_);
    return replies_.TakeFirst();
  };
  while (auto request = first()) {
    const auto* coroutine = std::get_if<Completion<ws::Reply>>(&request->waiter);
    if (coroutine != nullptr ? end.IsDying(*coroutine) : end.pool_dies) continue;
    try {
      Answer(std::move(request->waiter), [] { return ws::Reply{Errc::Closed, nullptr, {}}; });
    } catch (const std::bad_alloc&) {
      // The next may fare better.
    }
  }
}

void Connection::End(const CloseReason& reason, bool abandoned) {
  if (!abandoned) Deliver();
  std::vector<dispatch::Mailbox::ExchangePtr> last;
  const auto prepare = [&] { last = {std::make_shared<Exchange>(Delivery::Disconnect, "disconnect", Json(reason))}; };
  // Callbacks that the table holds are destroyed on the pool, because what they capture may block.
  const auto calls = [this] { return !table_.IsEmpty() || HearsOfEnd(); };
  if (!abandoned && calls()) prepare();  // before anything changes: there may be no memory for it
  const asio::any_io_executor pool = Pool();
  Leftovers left;
  {
    const std::lock_guard lock(mutex_);
    if (state_ >= State::Ended) return;
    state_ = State::Ended;
    end_code_ = reason.code;
    link_ = nullptr;
    if (abandoned) left.dying = &asio::query(strand_, asio::execution::context);
    left.pool_dies = left.IsDying(pool);
    strand_ = {};
    queue_.Clear();
    left.ended = until_ended_.TakeAll();
    UnwatchUnopened();
    left.on_drain.swap(on_drain_);
    left.rosters.swap(rosters_);
  }
  DropFrom(left.rosters, *this);
  RefuseWaiters(left);
  for (auto& [id, waiter] : left.ended) left.Complete(std::move(waiter), {});
  RefuseRequests(left);
  std::shared_ptr<dispatch::Mailbox> mailbox;  // the last callback drops it
  {
    const std::lock_guard lock(mutex_);
    mailbox = mailbox_;
  }
  if (abandoned) {
    if (mailbox && !left.pool_dies) mailbox->Cancel();
    return Finish(left.dying);
  }
  // Nothing goes into the mailbox any more. Where nobody is called the pool is not asked for.
  if (!mailbox || (mailbox->IsIdle() && !calls())) return Finish();
  TryTwice([&] { mailbox->Cancel(); });
  // Where there was no `connect` nobody is called: see Find. All is over when this has had its turn.
  if (last.empty()) TryTwice(prepare);
  TryTwice([&] {
    mailbox->Put(last);  // the second time it is with the mailbox already, or still here
    mailbox->Wake();
  });
}

bool Connection::HearsOfEnd() const {
  dispatch::Listeners heard_by;  // destroyed under no lock
  const std::lock_guard lock(mutex_);
  heard_by = FindLifecycle(Delivery::Disconnect);
  return heard_by.Size() != 0;
}

void Connection::Finish(const asio::execution_context* dying) {
  table_.Close();
  received_.clear();
  std::shared_ptr<dispatch::Mailbox> mailbox;
  Leftovers left;
  left.dying = dying;
  {
    const std::lock_guard lock(mutex_);
    state_ = State::Over;
    mailbox.swap(mailbox_);
    left.over = until_over_.TakeAll();
    left.keep.swap(keep_);
  }
  // Who hears that all is over may destroy the pool.
  if (mailbox && dying == nullptr) mailbox->Release();
  for (auto& [id, waiter] : left.over) left.Complete(std::move(waiter), {});
}

bool Connection::Leftovers::IsDying(const asio::any_io_executor& executor) const {
  return dying != nullptr && &asio::query(executor, asio::execution::context) == dying;
}

void Connection::Leftovers::Complete(Waiter waiter, Error error) const noexcept {
  if (IsDying(waiter)) return;  // a coroutine whose context is being destroyed is destroyed with it
  try {
    std::move(waiter).Complete([error] { return error; });
  } catch (const std::bad_alloc&) {
    // So is one that there is no memory to tell.
  }
}

void Connection::Abort() {
  std::shared_ptr<dispatch::Mailbox> mailbox;
  {
    const std::lock_guard lock(mutex_);
    mailbox = mailbox_;
    PostToLink([](Link& link) { link.Abort(); });
  }
  if (!mailbox) return;
  mailbox->Discard();
  mailbox->Cancel();
}

asio::awaitable<Error> Connection::Wait(std::shared_ptr<Connection> self, WaitList Connection::*list, State state) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (state == State::Over && self->IsCalling()) co_return Errc::WouldDeadlock;
  auto wait = [&](auto handler) {
    const auto keep = self;  // the coroutine may be gone before this returns
    Waiter waiter(executor, std::move(handler));
    std::unique_lock lock(self->mutex_);
    if (self->state_ >= state) {
      lock.unlock();
      return std::move(waiter).Complete([] { return Error(); });
    }
    const std::uint64_t id = ++self->last_waiter_;
    waiter.OnCancel([weak = std::weak_ptr(self), list, id] {
      if (const auto connection = weak.lock()) connection->AbandonWait(list, id);
    });
    (self.get()->*list).Add(id, std::move(waiter));
  };
  const auto [error] = co_await asio::async_initiate<decltype(as_tuple), void(Error)>(wait, as_tuple);
  co_return error;
}

void Connection::AbandonWait(WaitList Connection::*list, std::uint64_t id) {
  std::optional<Waiter> waiter;
  {
    const std::lock_guard lock(mutex_);
    waiter = (this->*list).Take(id);
  }
  if (waiter) std::move(*waiter).Complete([] { return Error(Errc::Cancelled); });
}

asio::awaitable<Error> Connection::UntilEnded(std::shared_ptr<Connection> self) {
  return Wait(std::move(self), &Connection::until_ended_, State::Ended);
}

asio::awaitable<Error> Connection::UntilOver(std::shared_ptr<Connection> self) {
  return Wait(std::move(self), &Connection::until_over_, State::Over);
}

}  // namespace ws::transport
