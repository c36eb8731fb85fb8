#include "ws/detail/dispatch/mailbox.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <new>

#include "dispatch/batch_scheduler.hpp"

namespace ws::dispatch {

namespace asio = boost::asio;

namespace {

// Ends the connection if memory runs out in `work`. Returns false then.
template <class Work>
bool RunOrFail(MailboxOwner& owner, const Work& work) {
  try {
    work();
    return true;
  } catch (const std::bad_alloc&) {
    owner.OnFailure();
    return false;
  }
}

}  // namespace

void Mailbox::Put(std::vector<DispatchPtr>& batch) {
  const std::lock_guard lock(mutex_);
  Append(batch);
  if (state_ == State::Idle && !incoming_.empty()) Schedule();
}

void Mailbox::PutAndDrain(std::vector<DispatchPtr>& batch) {
  {
    const std::lock_guard lock(mutex_);
    Append(batch);
    if (state_ != State::Idle || incoming_.empty()) return;
    state_ = State::Scheduled;
  }
  Drain();
}

void Mailbox::Append(std::vector<DispatchPtr>& batch) {
  const std::size_t size = batch.size();
  if (incoming_.empty()) {
    incoming_.swap(batch);
  } else {
    incoming_.insert(incoming_.end(), std::move_iterator(batch.begin()), std::move_iterator(batch.end()));
    batch.clear();
  }
  put_count_ += size;
}

void Mailbox::Schedule() {
  BatchScheduler* const scheduler = BatchScheduler::OfThisThread();
  const bool batched = scheduler != nullptr && scheduler->Schedule(executor_, {shared_from_this(), owner_.lock()});
  if (!batched && strand_) {
    asio::post(*strand_, [self = shared_from_this(), owner = owner_.lock()] {
      if (owner) self->Drain();
    });
  }
  state_ = State::Scheduled;
}

void Mailbox::Run() {
  std::optional<Strand> strand;
  {
    const std::lock_guard lock(mutex_);
    strand = strand_;
  }
  const auto owner = owner_.lock();
  if (!strand || !owner) return;
  // Runs on the strand, so that no coroutine callback runs at the same time.
  RunOrFail(*owner, [&] { asio::dispatch(*strand, [self = shared_from_this(), owner] { self->Drain(); }); });
}

void Mailbox::Resume() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::Parked) Schedule();
}

void Mailbox::Discard() {
  const std::lock_guard lock(mutex_);
  discard_count_ = put_count_;
  if (state_ == State::Parked) Schedule();
}

void Mailbox::ReleaseExecutor() {
  const std::lock_guard lock(mutex_);
  strand_.reset();
}

bool Mailbox::IsIdle() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_ == State::Idle && incoming_.empty() && concurrent_ == 0;
}

bool Mailbox::RunningInThisThread() const noexcept {
  if (current_ == this) return true;
  const std::lock_guard lock(mutex_);
  return strand_ && strand_->running_in_this_thread();
}

void Mailbox::Drain() {
  const std::shared_ptr<MailboxOwner> owner = owner_.lock();
  if (!owner) return;
  const RunScope scope(this);
  for (int left = max_drained; left > 0; --left) {
    if (batch_.IsEmpty()) {
      const std::lock_guard lock(mutex_);
      if (incoming_.empty()) {
        state_ = State::Idle;
        return;
      }
      batch_.Swap(incoming_);
    }
    if (!CanStart(*owner, *batch_.Front())) return;
    const DispatchPtr next = batch_.Pop();
    if (++drained_count_ <= discard_count_ && IsFromPeer(next->Kind())) {
      owner->OnDiscarded(next->Content());
    } else if (Start(next, owner)) {
      return;
    }
  }
  RunOrFail(*owner, [this] {
    const std::lock_guard lock(mutex_);
    Schedule();
  });
}

bool Mailbox::Start(const DispatchPtr& next, const std::shared_ptr<MailboxOwner>& owner) {
  bool is_coroutine = false;
  const bool succeeded = RunOrFail(*owner, [&] {
    auto rest = next->Start(owner, *this);
    if (!rest) return;
    StartCoroutine(std::move(*rest), next->Kind(), Order::Sequential, owner);
    is_coroutine = true;
  });
  if (!succeeded && next->Kind() == EventKind::Disconnect) owner->OnHandled(next->Kind(), next->Content(), {});
  return is_coroutine;
}

bool Mailbox::CanStart(MailboxOwner& owner, const EventDispatch& next) {
  if (!IsBlocked(owner, next)) return true;
  {
    const std::lock_guard lock(mutex_);
    state_ = State::Parked;
  }
  // Checks again: if the block has ended before the state was set, no call of Resume follows.
  if (IsBlocked(owner, next)) return false;
  const std::lock_guard lock(mutex_);
  if (state_ != State::Parked) return false;
  state_ = State::Scheduled;
  return true;
}

bool Mailbox::IsBlocked(MailboxOwner& owner, const EventDispatch& next) {
  if (next.Kind() != EventKind::Disconnect) return !owner.CanStart();
  const std::lock_guard lock(mutex_);
  return concurrent_ != 0;
}

// Completion handler of a coroutine callback. It is destroyed without a call if the coroutine is destroyed, because the
// context that the coroutine waited on has ended.
struct Mailbox::OnCoroutineDone {
  std::shared_ptr<Mailbox> mailbox;
  CoroutineRef coroutine;
  std::shared_ptr<MailboxOwner> owner;

  OnCoroutineDone(std::shared_ptr<Mailbox> of, CoroutineRef which, std::shared_ptr<MailboxOwner> keeps)
      : mailbox(std::move(of)), coroutine(which), owner(std::move(keeps)) {}
  OnCoroutineDone(OnCoroutineDone&&) = default;
  ~OnCoroutineDone() {
    if (mailbox) mailbox->OnCoroutineDestroyed(coroutine, std::move(owner));
  }
  void operator()(const std::exception_ptr& failure) {
    std::exchange(mailbox, nullptr)->OnCoroutineEnded(coroutine, failure != nullptr, *owner);
  }
};

void Mailbox::OnCoroutineEnded(CoroutineRef coroutine, bool failed, MailboxOwner& owner) {
  const EventKind kind = coroutine->kind;
  const Order order = coroutine->order;
  coroutines_.erase(coroutine);
  if (failed) owner.OnFailure();
  if (failed && kind == EventKind::Disconnect) owner.OnHandled(kind, {"disconnect", Json()}, {});
  order == Order::Sequential ? Drain() : OnConcurrentDone(owner);
}

void Mailbox::OnCoroutineDestroyed(CoroutineRef coroutine, std::shared_ptr<MailboxOwner> owner) {
  coroutine->destroyed = true;
  const std::lock_guard lock(mutex_);
  if (strand_ && strand_->running_in_this_thread()) {
    asio::post(*strand_, [self = shared_from_this(), coroutine, owner = std::move(owner)] {
      self->OnCoroutineEnded(coroutine, true, *owner);
    });
  } else if (coroutine->order == Order::Sequential) {
    state_ = State::Idle;  // the executor may have ended too: the next Put schedules
  } else {
    --concurrent_;
  }
}

// The strand lives as long as something runs on it.
void Mailbox::StartCoroutine(asio::awaitable<void> work, EventKind kind, Order order,
                             std::shared_ptr<MailboxOwner> owner) {
  const auto coroutine = coroutines_.emplace(coroutines_.end(), kind, order);
  if (order == Order::Concurrent) {
    const std::lock_guard lock(mutex_);
    ++concurrent_;
  }
  asio::co_spawn(*strand_, std::move(work),
                 asio::bind_cancellation_slot(coroutine->signal.slot(),
                                              OnCoroutineDone{shared_from_this(), coroutine, std::move(owner)}));
}

void Mailbox::PropagateCancellation() {
  if (!cancelled_) return;
  // Posted, so that the coroutine runs to its first wait, which is then interrupted.
  asio::post(*strand_, [self = shared_from_this()] { self->EmitCancellation(); });
}

void Mailbox::Cancel() {
  const std::lock_guard lock(mutex_);
  if (!strand_) return;
  asio::post(*strand_, [self = shared_from_this()] {
    self->cancelled_twice_ = self->cancelled_;
    self->cancelled_ = true;
    self->EmitCancellation();
  });
}

void Mailbox::EmitCancellation() {
  const auto owner = owner_.lock();
  if (!owner) return;
  RunOrFail(*owner, [this] {
    for (auto next = coroutines_.begin(); next != coroutines_.end();) {
      RunningCoroutine& coroutine = *next++;  // it may end, and leave the list, in emit
      if (coroutine.destroyed || (coroutine.kind == EventKind::Disconnect && !cancelled_twice_)) continue;
      coroutine.signal.emit(asio::cancellation_type::terminal);
    }
  });
}

void Mailbox::RunConcurrently(DispatchPtr dispatch) {
  const auto owner = owner_.lock();
  if (!owner) return;
  if (!dispatch->IsCoroutine()) {
    return Post([dispatch, owner, self = shared_from_this()] { dispatch->Start(owner, *self); });
  }
  const std::lock_guard lock(mutex_);
  if (!strand_) return;
  asio::post(*strand_, [dispatch, owner, self = shared_from_this()] {
    RunOrFail(*owner, [&] {
      auto rest = dispatch->Start(owner, *self);
      if (rest) self->StartCoroutine(std::move(*rest), dispatch->Kind(), Order::Concurrent, owner);
    });
    self->OnConcurrentDone(*owner);
  });
  ++concurrent_;
}

void Mailbox::Post(std::function<void()> work) {
  const auto owner = owner_.lock();
  if (!owner) return;
  const std::lock_guard lock(mutex_);
  if (!strand_) return;
  asio::post(executor_, [self = shared_from_this(), owner, work = std::move(work)] {
    {
      const RunScope scope(self.get());
      RunOrFail(*owner, work);
    }
    self->OnConcurrentDone(*owner);
  });
  ++concurrent_;
}

void Mailbox::Spawn(asio::awaitable<void> work, EventKind kind) {
  StartCoroutine(std::move(work), kind, Order::Concurrent, owner_.lock());
}

void Mailbox::OnConcurrentDone(MailboxOwner& owner) {
  RunOrFail(owner, [this] {
    const std::lock_guard lock(mutex_);
    if (--concurrent_ == 0 && state_ == State::Parked) Schedule();
  });
}

}  // namespace ws::dispatch
