// What waits for a connection's callbacks: handled one by one, in order of arrival.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/strand.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ws/detail/dispatch/exchange.hpp"
#include "ws/detail/protocol/fifo.hpp"

namespace ws::dispatch {

// A queue that is drained on a strand of its own on the pool, scheduled once when it turns non-empty and not once
// a message. Every member but PutAndDrain is safe from any thread. It bounds nothing: the reader does.
class Mailbox final : public std::enable_shared_from_this<Mailbox>, private Spawner {
 public:
  using ExchangePtr = std::shared_ptr<Exchange>;

  // The owner outlives everything that is scheduled here.
  Mailbox(boost::asio::any_io_executor pool, std::weak_ptr<MailboxOwner> owner)
      : pool_(pool), owner_(std::move(owner)), strand_(boost::asio::make_strand(pool)) {}

  // Hands over a batch, which is left empty.
  void Put(std::vector<ExchangePtr>& batch);
  // The same where the pool is the I/O strand and the caller is on it: callbacks run before it returns.
  void PutAndDrain(std::vector<ExchangePtr>& batch);
  // Handles what waits, on a thread of the pool. For the Handover that Put gave it to.
  void Run();
  // MailboxOwner::MayStart would answer differently now.
  void Wake();
  // Drops what waits now, but for lifecycle events.
  void Discard();
  // From when the strand gets to it, coroutine callbacks are cancelled: those under way, and those that begin later,
  // but for those of `disconnect`, which only a second call reaches.
  void Cancel();
  // Runs an exchange at once, beside the others: `disconnect` waits for it, and it for nothing.
  void RunBeside(ExchangePtr exchange);
  // The same for what is no exchange.
  void RunBeside(std::function<void()> work) { Post(std::move(work)); }
  // Lets go of the pool. The owner is over: nothing runs here any more.
  void Release();
  // Whether nothing waits or runs.
  bool IsIdle() const noexcept;
  // Whether the caller is one of this connection's callbacks.
  bool IsInside() const noexcept;

  const boost::asio::any_io_executor& Pool() const noexcept { return pool_; }

 private:
  // Scheduled: somebody drains, awaits, or is about to. Owed: there was no memory to schedule it; whoever comes next
  // tries again.
  enum class State { Idle, Scheduled, Parked, Owed };

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
  void Spawn(boost::asio::awaitable<void> work, Delivery what) override;
  void Renew() override;
  void LeaveBeside(const std::shared_ptr<MailboxOwner>& owner);

  // Whether the batch turned an idle mailbox into one that must be drained.
  bool Accept(std::vector<ExchangePtr>& batch);
  void Schedule();
  void Drain();
  void DrainTurn(const std::shared_ptr<MailboxOwner>& owner);
  bool Begin(const ExchangePtr& next, const std::shared_ptr<MailboxOwner>& owner);
  // What drains, or has it done.
  template <class Work>
  void DoOrOwe(Work work);
  // What finds no memory on the pool, where nobody would catch that, ends the connection.
  template <class Work>
  void Guard(const std::shared_ptr<MailboxOwner>& owner, Work work) {
    try {
      work();
    } catch (const std::bad_alloc&) {
      Recover(*owner);
    }
  }
  void Recover(MailboxOwner& owner) noexcept;
  // Parks, and answers false, where the next message may not start yet.
  bool MayStart(MailboxOwner& owner, const Exchange& next);
  bool IsBlocked(MailboxOwner& owner, const Exchange& next);
  // In its turn: nothing is drained until it is done. Beside: only `disconnect` waits for it.
  enum class Place { Turn, Beside };
  void Await(boost::asio::awaitable<void> work, Delivery what, Place place, std::shared_ptr<MailboxOwner> owner);
  void EmitCancellation();

  static constexpr int turn = 64;  // messages before other connections get the thread
  inline static thread_local const Mailbox* current_ = nullptr;

  using Strand = boost::asio::strand<boost::asio::any_io_executor>;
  // One coroutine callback that is under way.
  struct Running {
    Running(Delivery delivery, Place where) : what(delivery), place(where) {}

    const Delivery what;
    const Place place;
    boost::asio::cancellation_signal signal;
    std::atomic<bool> lost = false;  // destroyed before its end
  };
  struct Finished;

  const boost::asio::any_io_executor pool_;
  const std::weak_ptr<MailboxOwner> owner_;

  mutable std::mutex mutex_;
  // Nothing once released: the pool may be gone then, so it is posted to only under the lock.
  std::optional<Strand> strand_;
  std::vector<ExchangePtr> incoming_;
  State state_ = State::Idle;
  std::uint64_t put_ = 0;   // so many exchanges since the beginning
  std::size_t beside_ = 0;  // unordered callbacks that still run

  std::atomic<std::uint64_t> discarded_ = 0;  // the first so many are to be dropped

  // On the strand only.
  protocol::Fifo<ExchangePtr> batch_;
  std::uint64_t taken_ = 0;
  std::list<Running> running_;
  bool cancelled_ = false, cancelled_last_ = false;
};

}  // namespace ws::dispatch
