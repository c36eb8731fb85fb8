// What waits for a connection's callbacks: handled one by one, in order of arrival.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ws/dispatch/exchange.hpp"

namespace ws::dispatch {

// A queue that is drained on a strand of its own on the pool, scheduled once when it turns non-empty and not once
// a message. Every member but PutAndDrain is safe from any thread. It bounds nothing: the reader does.
class Mailbox final : public std::enable_shared_from_this<Mailbox>, private Spawner {
 public:
  using ExchangePtr = std::shared_ptr<Exchange>;

  // The owner outlives everything that is scheduled here.
  Mailbox(boost::asio::any_io_executor pool, std::weak_ptr<MailboxOwner> owner)
      : pool_(pool), strand_(boost::asio::make_strand(pool)), owner_(std::move(owner)) {}

  // Hands over a batch, which is left empty.
  void Put(std::vector<ExchangePtr>& batch);
  // The same where the pool is the I/O strand and the caller is on it: callbacks run before it returns.
  void PutAndDrain(std::vector<ExchangePtr>& batch);
  // MailboxOwner::MayStart would answer differently now.
  void Wake();
  // Drops what waits now, but for lifecycle events.
  void Discard();
  // Cancels the coroutine callbacks that are under way when the strand gets to it.
  void Cancel();
  // Whether the caller is one of this connection's callbacks.
  bool IsInside() const noexcept { return current_ == this || strand_.running_in_this_thread(); }

  const boost::asio::any_io_executor& Pool() const noexcept { return pool_; }

 private:
  enum class State { Idle, Scheduled, Parked };  // Scheduled: somebody drains, awaits, or is about to

  // Marks the thread that runs callbacks.
  class Inside {
   public:
    explicit Inside(const Mailbox* mailbox) noexcept : outer_(std::exchange(current_, mailbox)) {}
    ~Inside() { current_ = outer_; }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    const Mailbox* outer_;
  };

  void Post(std::function<void()> work) override;
  void Spawn(boost::asio::awaitable<void> work) override;
  void LeaveBeside();

  // Whether the batch turned an idle mailbox into one that must be drained.
  bool Accept(std::vector<ExchangePtr>& batch);
  void Schedule();
  void Drain();
  // Parks, and answers false, where the next message may not start yet.
  bool MayStart(MailboxOwner& owner, const Exchange& next);
  bool IsBlocked(MailboxOwner& owner, const Exchange& next);
  template <class Done>
  void Await(boost::asio::awaitable<void> work, Done done);

  static constexpr int turn = 64;  // messages before other connections get the thread
  inline static thread_local const Mailbox* current_ = nullptr;

  const boost::asio::any_io_executor pool_;
  const boost::asio::strand<boost::asio::any_io_executor> strand_;
  const std::weak_ptr<MailboxOwner> owner_;

  std::mutex mutex_;
  std::vector<ExchangePtr> incoming_;
  State state_ = State::Idle;
  std::size_t discard_ = 0;  // so many of those that wait are to be dropped
  std::size_t waiting_ = 0;
  std::size_t beside_ = 0;  // unordered callbacks that still run

  // On the strand only.
  std::deque<ExchangePtr> batch_;
  std::list<boost::asio::cancellation_signal> cancellations_;
};

inline void Mailbox::Put(std::vector<ExchangePtr>& batch) {
  if (Accept(batch)) Schedule();
}

inline void Mailbox::PutAndDrain(std::vector<ExchangePtr>& batch) {
  if (Accept(batch)) Drain();
}

inline bool Mailbox::Accept(std::vector<ExchangePtr>& batch) {
  const std::lock_guard lock(mutex_);
  waiting_ += batch.size();
  if (incoming_.empty()) {
    incoming_.swap(batch);
  } else {
    incoming_.insert(incoming_.end(), std::move_iterator(batch.begin()), std::move_iterator(batch.end()));
    batch.clear();
  }
  if (state_ != State::Idle || incoming_.empty()) return false;
  state_ = State::Scheduled;
  return true;
}

inline void Mailbox::Wake() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::Parked) return;
    state_ = State::Scheduled;
  }
  Schedule();
}

inline void Mailbox::Discard() {
  {
    const std::lock_guard lock(mutex_);
    discard_ = waiting_;
  }
  Wake();
}

inline void Mailbox::Schedule() {
  boost::asio::post(strand_, [self = shared_from_this(), owner = owner_.lock()] {
    if (owner) self->Drain();
  });
}

inline void Mailbox::Drain() {
  const std::shared_ptr<MailboxOwner> owner = owner_.lock();
  if (!owner) return;
  const Inside inside(this);
  for (int left = turn; left > 0; --left) {
    if (batch_.empty()) {
      const std::lock_guard lock(mutex_);
      if (incoming_.empty()) {
        state_ = State::Idle;
        return;
      }
      batch_.insert(batch_.end(), std::move_iterator(incoming_.begin()), std::move_iterator(incoming_.end()));
      incoming_.clear();
    }
    if (!MayStart(*owner, *batch_.front())) return;
    const ExchangePtr next = std::move(batch_.front());
    batch_.pop_front();
    bool discarded = false;
    {
      const std::lock_guard lock(mutex_);
      --waiting_;
      if (discard_ > 0) {
        --discard_;
        discarded = next->What() == Delivery::Event || next->What() == Delivery::Raw;
      }
    }
    if (discarded) {
      owner->Discarded(next->Content());
    } else if (auto rest = next->Start(owner, *this)) {
      Await(std::move(*rest), [self = shared_from_this(), owner] { self->Drain(); });
      return;
    }
  }
  Schedule();
}

inline bool Mailbox::MayStart(MailboxOwner& owner, const Exchange& next) {
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

inline bool Mailbox::IsBlocked(MailboxOwner& owner, const Exchange& next) {
  if (next.What() != Delivery::Disconnect) return !owner.MayStart();
  const std::lock_guard lock(mutex_);
  return beside_ != 0;
}

template <class Done>
void Mailbox::Await(boost::asio::awaitable<void> work, Done done) {
  const auto signal = cancellations_.emplace(cancellations_.end());
  auto finished = [self = shared_from_this(), signal, done = std::move(done)](std::exception_ptr) mutable {
    self->cancellations_.erase(signal);
    done();
  };
  boost::asio::co_spawn(strand_, std::move(work),
                        boost::asio::bind_cancellation_slot(signal->slot(), std::move(finished)));
}

inline void Mailbox::Cancel() {
  boost::asio::post(strand_, [self = shared_from_this(), owner = owner_.lock()] {
    for (auto signal = self->cancellations_.begin(); signal != self->cancellations_.end();) {
      (signal++)->emit(boost::asio::cancellation_type::terminal);
    }
  });
}

inline void Mailbox::Post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    ++beside_;
  }
  boost::asio::post(pool_, [self = shared_from_this(), owner = owner_.lock(), work = std::move(work)] {
    {
      const Inside inside(self.get());
      work();
    }
    self->LeaveBeside();
  });
}

inline void Mailbox::Spawn(boost::asio::awaitable<void> work) {
  {
    const std::lock_guard lock(mutex_);
    ++beside_;
  }
  Await(std::move(work), [self = shared_from_this(), owner = owner_.lock()] { self->LeaveBeside(); });
}

inline void Mailbox::LeaveBeside() {
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = --beside_ == 0;
  }
  if (last) Wake();
}

}  // namespace ws::dispatch
