// The messages of a connection that wait for callbacks, handled one by one in order of arrival.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "ws/detail/dispatch/event_dispatch.hpp"
#include "ws/detail/protocol/fifo.hpp"

namespace ws::dispatch {

// A queue that is drained on a strand of its own on the pool. It is scheduled once when it becomes non-empty, not once
// a message. Thread-safe, but for PutAndDrain. It has no bound: the reader stops reading instead.
class Mailbox final : public std::enable_shared_from_this<Mailbox>, private ConcurrentRunner {
 public:
  using DispatchPtr = std::shared_ptr<EventDispatch>;

  // The owner must outlive everything that is scheduled here.
  Mailbox(boost::asio::any_io_executor executor, std::weak_ptr<MailboxOwner> owner)
      : executor_(executor), owner_(std::move(owner)), strand_(boost::asio::make_strand(executor)) {}

  // Takes over a batch, which is left empty.
  void Put(std::vector<DispatchPtr>& batch);
  // Like Put, but runs the callbacks before it returns. Called on the I/O strand if that is the executor.
  void PutAndDrain(std::vector<DispatchPtr>& batch);
  // Drains the mailbox. Called on a thread of the pool by the BatchScheduler that was given it.
  void Run();
  // Resumes a parked mailbox. Called when MailboxOwner::CanStart() has become true.
  void Resume();
  // Drops the messages that wait now. Lifecycle events stay.
  void Discard();
  // Cancels, on the strand, the coroutine callbacks that run and the ones that start later. The coroutines of
  // `disconnect` are cancelled by a second call only.
  void Cancel();
  // Runs a dispatch at once, concurrently to the others. `disconnect` waits for it.
  void RunConcurrently(DispatchPtr dispatch);
  // Like the other RunConcurrently, for a function.
  void RunConcurrently(std::function<void()> work) { Post(std::move(work)); }
  // Releases the executor. Called when the owner has finished, so that nothing runs here any more.
  void ReleaseExecutor();
  // True if nothing waits or runs.
  bool IsIdle() const noexcept;
  // True if the caller is one of this connection's callbacks.
  bool RunningInThisThread() const noexcept;

  const boost::asio::any_io_executor& Executor() const noexcept { return executor_; }

 private:
  // Scheduled: it is drained, or will be, or a coroutine callback runs. Parked: CanStart() was false.
  enum class State { Idle, Scheduled, Parked };
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;

  // Marks the thread that runs callbacks.
  class RunScope {
   public:
    explicit RunScope(const Mailbox* mailbox) noexcept : outer_(std::exchange(current_, mailbox)) {}
    ~RunScope() { current_ = outer_; }
    RunScope(const RunScope&) = delete;
    RunScope& operator=(const RunScope&) = delete;

   private:
    const Mailbox* outer_;
  };

  // One coroutine callback that runs.
  struct RunningCoroutine {
    RunningCoroutine(EventKind event, Order run_order) : kind(event), order(run_order) {}

    const EventKind kind;
    const Order order;
    boost::asio::cancellation_signal signal;
    std::atomic<bool> destroyed = false;  // it was destroyed before its end, with the object that it waited for
  };
  using CoroutineRef = std::list<RunningCoroutine>::iterator;
  struct OnCoroutineDone;

  // ConcurrentRunner
  void Post(std::function<void()> work) override;
  void Spawn(boost::asio::awaitable<void> work, EventKind kind) override;
  void PropagateCancellation() override;

  // With mutex_ held.
  void Append(std::vector<DispatchPtr>& batch);
  void Schedule();

  void Drain();
  // Returns true if a coroutine callback has started, which drains the rest when it has ended.
  bool Start(const DispatchPtr& next, const std::shared_ptr<MailboxOwner>& owner);
  // Returns false, and parks the mailbox, if the next message may not start yet.
  bool CanStart(MailboxOwner& owner, const EventDispatch& next);
  bool IsBlocked(MailboxOwner& owner, const EventDispatch& next);
  void StartCoroutine(boost::asio::awaitable<void> work, EventKind kind, Order order,
                      std::shared_ptr<MailboxOwner> owner);
  void OnCoroutineEnded(CoroutineRef coroutine, bool failed, MailboxOwner& owner);
  void OnCoroutineDestroyed(CoroutineRef coroutine, std::shared_ptr<MailboxOwner> owner);
  void EmitCancellation();
  void OnConcurrentDone(MailboxOwner& owner);

  static constexpr int max_drained = 64;  // messages before other connections get the thread
  inline static thread_local const Mailbox* current_ = nullptr;

  const boost::asio::any_io_executor executor_;
  const std::weak_ptr<MailboxOwner> owner_;

  mutable std::mutex mutex_;
  // Empty once released. The executor may be gone then, so it is posted to only under the lock.
  std::optional<Strand> strand_;
  std::vector<DispatchPtr> incoming_;
  State state_ = State::Idle;
  std::uint64_t put_count_ = 0;
  std::size_t concurrent_ = 0;  // concurrent callbacks that still run

  std::atomic<std::uint64_t> discard_count_ = 0;  // messages up to this number are dropped

  // Used on the strand only.
  protocol::Fifo<DispatchPtr> batch_;
  std::uint64_t drained_count_ = 0;
  std::list<RunningCoroutine> coroutines_;
  bool cancelled_ = false, cancelled_twice_ = false;
};

}  // namespace ws::dispatch
