#include "ws/detail/dispatch/mailbox.hpp"

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

void Mailbox::Recover(MailboxOwner& owner) noexcept {
  owner.Broke();
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
    } else if (Begin(next, owner)) {
      return;
    }
  }
  Schedule();
}

// Whether it goes on as a coroutine, which drains the rest.
bool Mailbox::Begin(const ExchangePtr& next, const std::shared_ptr<MailboxOwner>& owner) {
  try {
    auto rest = next->Start(owner, *this);
    if (!rest) return false;
    Await(std::move(*rest), next->What(), Place::Turn, owner);
    return true;
  } catch (const std::bad_alloc&) {
    // All is over, though its callbacks may not have been told.
    if (next->What() == Delivery::Disconnect) owner->Answered(Delivery::Disconnect, next->Content(), {});
    throw;
  }
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

}  // namespace ws::dispatch
