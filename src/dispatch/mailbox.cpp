#include "ws/dispatch/mailbox.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "dispatch/handover.hpp"

namespace ws::dispatch {

template <class Work>
void Mailbox::DoOrOwe(Work work) {
  try {
    work();
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(mutex_);
    state_ = State::Owed;
    throw;
  }
}

template <class Work>
void Mailbox::Guard(const std::shared_ptr<MailboxOwner>& owner, Work work) {
  try {
    work();
    return;
  } catch (const std::bad_alloc&) {
    owner->Broke();
  }
  try {
    Wake();
  } catch (const std::bad_alloc&) {
    // Left to whoever puts something next.
  }
}

void Mailbox::Put(std::vector<ExchangePtr>& batch) {
  if (Accept(batch)) DoOrOwe([this] { Schedule(); });
}

void Mailbox::PutAndDrain(std::vector<ExchangePtr>& batch) {
  if (Accept(batch)) Drain();
}

bool Mailbox::Accept(std::vector<ExchangePtr>& batch) {
  const std::lock_guard lock(mutex_);
  const std::size_t size = batch.size();
  if (incoming_.empty()) {
    incoming_.swap(batch);
  } else {
    incoming_.insert(incoming_.end(), std::move_iterator(batch.begin()), std::move_iterator(batch.end()));
    batch.clear();
  }
  put_ += size;
  if ((state_ != State::Idle && state_ != State::Owed) || incoming_.empty()) return false;
  state_ = State::Scheduled;
  return true;
}

void Mailbox::Wake() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::Parked && state_ != State::Owed) return;
    state_ = State::Scheduled;
  }
  DoOrOwe([this] { Schedule(); });
}

void Mailbox::Discard() {
  {
    const std::lock_guard lock(mutex_);
    discarded_ = put_;
  }
  Wake();
}

void Mailbox::Schedule() {
  Handover* const here = Handover::Here();
  if (here != nullptr && here->Take(pool_, {shared_from_this(), owner_.lock()})) return;
  auto drain = [self = shared_from_this(), owner = owner_.lock()] {
    if (owner) self->Drain();
  };
  const std::lock_guard lock(mutex_);
  if (strand_) boost::asio::post(*strand_, std::move(drain));
}

// The strand keeps coroutine callbacks out meanwhile.
void Mailbox::Run() {
  std::optional<Strand> strand;
  {
    const std::lock_guard lock(mutex_);
    strand = strand_;
  }
  const auto owner = owner_.lock();
  if (!strand || !owner) return;
  auto drain = [self = shared_from_this(), owner] { self->Drain(); };
  Guard(owner, [&] { DoOrOwe([&] { boost::asio::dispatch(*strand, std::move(drain)); }); });
}

void Mailbox::Release() {
  const std::lock_guard lock(mutex_);
  strand_.reset();
}

bool Mailbox::IsIdle() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_ == State::Idle && incoming_.empty() && beside_ == 0;
}

bool Mailbox::IsInside() const noexcept {
  if (current_ == this) return true;
  const std::lock_guard lock(mutex_);
  return strand_ && strand_->running_in_this_thread();
}

void Mailbox::Drain() {
  const std::shared_ptr<MailboxOwner> owner = owner_.lock();
  if (!owner) return;
  Guard(owner, [&] { DoOrOwe([&] { DrainTurn(owner); }); });
}

void Mailbox::DrainTurn(const std::shared_ptr<MailboxOwner>& owner) {
  const Inside inside(this);
  for (int left = turn; left > 0; --left) {
    if (batch_.IsEmpty()) {
      const std::lock_guard lock(mutex_);
      if (incoming_.empty()) {
        state_ = State::Idle;
        return;
      }
      batch_.Swap(incoming_);
    }
    if (!MayStart(*owner, *batch_.Front())) return;
    const ExchangePtr next = batch_.Take();
    const bool lifecycle = next->What() != Delivery::Event && next->What() != Delivery::Raw;
    if (++taken_ <= discarded_ && !lifecycle) {
      owner->Discarded(next->Content());
    } else if (auto rest = next->Start(owner, *this)) {
      Await(std::move(*rest), next->What(), [self = shared_from_this(), owner] { self->Drain(); });
      return;
    }
  }
  Schedule();
}

bool Mailbox::MayStart(MailboxOwner& owner, const Exchange& next) {
  if (!IsBlocked(owner, next)) return true;
  {
    const std::lock_guard lock(mutex_);
    state_ = State::Parked;
  }
  // Whatever blocked it may have gone before the state said so.
  if (IsBlocked(owner, next)) return false;
  const std::lock_guard lock(mutex_);
  if (state_ != State::Parked) return false;
  state_ = State::Scheduled;
  return true;
}

bool Mailbox::IsBlocked(MailboxOwner& owner, const Exchange& next) {
  if (next.What() != Delivery::Disconnect) return !owner.MayStart();
  const std::lock_guard lock(mutex_);
  return beside_ != 0;
}

// On the strand, which lives as long as something runs on it.
template <class Done>
void Mailbox::Await(boost::asio::awaitable<void> work, Delivery what, Done done) {
  const auto running = running_.emplace(running_.end(), what);
  auto finished = [self = shared_from_this(), running, done = std::move(done)](std::exception_ptr failure) mutable {
    self->running_.erase(running);
    if (const auto owner = failure ? self->owner_.lock() : nullptr) owner->Broke();
    done();
  };
  boost::asio::co_spawn(*strand_, std::move(work),
                        boost::asio::bind_cancellation_slot(running->signal.slot(), std::move(finished)));
}

// Behind the callback's first steps: where it waits it is interrupted, and what it awaits later fails at once.
void Mailbox::Renew() {
  if (cancelled_) boost::asio::post(*strand_, [self = shared_from_this()] { self->EmitCancellation(); });
}

void Mailbox::Cancel() {
  auto cancel = [self = shared_from_this(), owner = owner_.lock()] {
    self->cancelled_last_ = self->cancelled_;
    self->cancelled_ = true;
    self->EmitCancellation();
  };
  const std::lock_guard lock(mutex_);
  if (strand_) boost::asio::post(*strand_, std::move(cancel));
}

void Mailbox::EmitCancellation() {
  for (auto running = running_.begin(); running != running_.end();) {
    const auto one = running++;
    if (one->what == Delivery::Disconnect && !cancelled_last_) continue;
    one->signal.emit(boost::asio::cancellation_type::terminal);
  }
}

void Mailbox::RunBeside(ExchangePtr exchange) {
  const auto owner = owner_.lock();
  if (!owner) return;
  if (!exchange->Awaits()) return Post([exchange, owner, self = shared_from_this()] { exchange->Start(owner, *self); });
  auto start = [exchange, owner, self = shared_from_this()] {
    bool runs = false;
    self->Guard(owner, [&] {
      auto rest = exchange->Start(owner, *self);
      if (rest) self->Await(std::move(*rest), exchange->What(), [self, owner] { self->LeaveBeside(owner); });
      runs = rest.has_value();
    });
    if (!runs) self->LeaveBeside(owner);
  };
  const std::lock_guard lock(mutex_);
  if (!strand_) return;
  boost::asio::post(*strand_, std::move(start));
  ++beside_;
}

void Mailbox::Post(std::function<void()> work) {
  auto run = [self = shared_from_this(), owner = owner_.lock(), work = std::move(work)] {
    {
      const Inside inside(self.get());
      self->Guard(owner, [&] { work(); });  // a copy may be as large as a reply
    }
    self->LeaveBeside(owner);
  };
  const std::lock_guard lock(mutex_);
  if (!strand_) return;
  boost::asio::post(pool_, std::move(run));
  ++beside_;
}

void Mailbox::Spawn(boost::asio::awaitable<void> work) {
  {
    const std::lock_guard lock(mutex_);
    ++beside_;
  }
  const auto owner = owner_.lock();
  try {
    Await(std::move(work), Delivery::Event, [self = shared_from_this(), owner] { self->LeaveBeside(owner); });
  } catch (const std::bad_alloc&) {
    LeaveBeside(owner);
    throw;
  }
}

void Mailbox::LeaveBeside(const std::shared_ptr<MailboxOwner>& owner) {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = --beside_ == 0;
  }
  if (last) Guard(owner, [this] { Wake(); });
}

}  // namespace ws::dispatch
