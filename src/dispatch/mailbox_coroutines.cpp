// What goes on beside a mailbox's drain: coroutine callbacks, and callbacks in no order.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <new>

#include "ws/detail/dispatch/mailbox.hpp"

namespace ws::dispatch {

// Where a coroutine callback ends. Destroyed uncalled where the coroutine was: on the strand because there was no
// memory to resume it, anywhere because its context has ended.
struct Mailbox::Finished {
  std::shared_ptr<Mailbox> self;
  std::list<Running>::iterator running;
  std::shared_ptr<MailboxOwner> owner;

  Finished(std::shared_ptr<Mailbox> mailbox, std::list<Running>::iterator which, std::shared_ptr<MailboxOwner> whose)
      : self(std::move(mailbox)), running(which), owner(std::move(whose)) {}
  Finished(Finished&&) = default;
  ~Finished() {
    if (!self) return;
    const Place place = running->place;
    running->lost = true;
    bool lives = false;
    {
      const std::lock_guard lock(self->mutex_);
      lives = self->strand_ && self->strand_->running_in_this_thread();
      if (place == Place::Turn) self->state_ = State::Owed;
      if (place == Place::Beside) --self->beside_;
    }
    if (!lives) return;
    // All is over, though its callback did not come to its end.
    if (running->what == Delivery::Disconnect) owner->Answered(Delivery::Disconnect, {"disconnect", Json()}, {});
    self->Recover(*owner);
  }
  void operator()(std::exception_ptr failure) {
    const auto mailbox = std::move(self);
    const Place place = running->place;
    mailbox->running_.erase(running);
    if (failure) owner->Broke();
    place == Place::Turn ? mailbox->Drain() : mailbox->LeaveBeside(owner);
  }
};

// On the strand, which lives as long as something runs on it.
void Mailbox::Await(boost::asio::awaitable<void> work, Delivery what, Place place,
                    std::shared_ptr<MailboxOwner> owner) {
  const auto running = running_.emplace(running_.end(), what, place);
  if (place == Place::Beside) {
    const std::lock_guard lock(mutex_);
    ++beside_;
  }
  Finished finished(shared_from_this(), running, owner);
  try {
    boost::asio::co_spawn(*strand_, std::move(work),
                          boost::asio::bind_cancellation_slot(running->signal.slot(), std::move(finished)));
  } catch (const std::bad_alloc&) {
    // The first wait found none. Finished sees to what is behind it, when the coroutine is destroyed.
    Recover(*owner);
  }
}

// Behind the callback's first steps: where it waits it is interrupted, and what it awaits later fails at once.
void Mailbox::Renew() {
  if (!cancelled_) return;
  boost::asio::post(*strand_, [self = shared_from_this(), owner = owner_.lock()] {
    if (owner) self->Guard(owner, [&] { self->EmitCancellation(); });
  });
}

void Mailbox::Cancel() {
  auto cancel = [self = shared_from_this(), owner = owner_.lock()] {
    self->cancelled_last_ = self->cancelled_;
    self->cancelled_ = true;
    if (owner) self->Guard(owner, [&] { self->EmitCancellation(); });
  };
  const std::lock_guard lock(mutex_);
  if (strand_) boost::asio::post(*strand_, std::move(cancel));
}

void Mailbox::EmitCancellation() {
  for (auto running = running_.begin(); running != running_.end();) {
    const auto one = running++;
    if (one->lost) {
      running_.erase(one);
      continue;
    }
    if (one->what == Delivery::Disconnect && !cancelled_last_) continue;
    one->signal.emit(boost::asio::cancellation_type::terminal);
  }
}

void Mailbox::RunBeside(ExchangePtr exchange) {
  const auto owner = owner_.lock();
  if (!owner) return;
  if (!exchange->Awaits()) return Post([exchange, owner, self = shared_from_this()] { exchange->Start(owner, *self); });
  auto start = [exchange, owner, self = shared_from_this()] {
    self->Guard(owner, [&] {
      auto rest = exchange->Start(owner, *self);
      if (rest) self->Await(std::move(*rest), exchange->What(), Place::Beside, owner);
    });
    self->LeaveBeside(owner);
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

void Mailbox::Spawn(boost::asio::awaitable<void> work, Delivery what) {
  Await(std::move(work), what, Place::Beside, owner_.lock());
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
