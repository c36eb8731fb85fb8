#include "transport/io_batcher.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include "ws/detail/dispatch/mailbox.hpp"
#include "ws/error.hpp"

namespace ws::transport {

namespace asio = boost::asio;

class IoBatcher::BatchScope {
 public:
  explicit BatchScope(const IoBatcher& batcher) noexcept { current_ = &batcher; }
  ~BatchScope() { current_ = nullptr; }
  BatchScope(const BatchScope&) = delete;
  BatchScope& operator=(const BatchScope&) = delete;

  static bool IsOf(const IoBatcher& batcher) noexcept { return current_ == &batcher; }

 private:
  inline static thread_local const IoBatcher* current_ = nullptr;
};

IoBatcher::IoBatcher(asio::io_context& context, asio::any_io_executor pool, unsigned workers)
    : context_(context), pool_(std::move(pool)), workers_(workers), timer_(context) {}

std::shared_ptr<IoBatcher> IoBatcher::OfThisThread(const asio::any_io_executor& strand) {
  // IoBatcher is the only BatchScheduler.
  auto* const batcher = static_cast<IoBatcher*>(BatchScheduler::OfThisThread());
  if (batcher == nullptr || &asio::query(strand, asio::execution::context) != &batcher->context_) return nullptr;
  return batcher->shared_from_this();
}

void IoBatcher::RunContext() {
  const Scope scope(this);
  const auto work = asio::make_work_guard(context_);
  context_.run();
}

bool IoBatcher::Schedule(const asio::any_io_executor& pool, const Job& job) {
  if (pool != pool_) return false;
  PostEndOfPass();
  scheduled_.push_back(job);
  return true;
}

// The handler runs after all handlers that are ready now.
void IoBatcher::PostEndOfPass() {
  if (end_of_pass_posted_) return;
  asio::post(context_, [self = shared_from_this()] {
    self->end_of_pass_posted_ = false;
    self->OnEndOfPass();
  });
  end_of_pass_posted_ = true;
}

void IoBatcher::OnEndOfPass() {
  WakeTargets();
  if (scheduled_.empty()) return;
  bool needs_thread = false, jobs_wait = false;
  {
    const std::lock_guard lock(mutex_);
    ready_.insert(ready_.end(), std::move_iterator(scheduled_.begin()), std::move_iterator(scheduled_.end()));
    needs_thread = running_ < workers_;
    if (needs_thread) ++running_;
    jobs_wait = ready_.size() > 1 || running_ > 1 || !needs_thread;
  }
  scheduled_.clear();
  if (needs_thread) PostRunJobs();
  if (jobs_wait) StartTimer();
}

void IoBatcher::PostRunJobs() {
  asio::post(pool_, [self = shared_from_this()] { RunJobs(self); });
}

// While jobs wait for a thread of the pool, wake-ups wait with them (see Wake). The timer limits that wait, because a
// callback may block.
void IoBatcher::StartTimer() {
  if (timer_runs_) return;
  timer_->expires_after(max_delay);
  timer_->async_wait([self = shared_from_this()](Error cancelled) {
    self->timer_runs_ = false;
    if (cancelled) return;
    self->WakeTargets();
    if (self->HasReadyJobs()) self->StartTimer();
  });
  timer_runs_ = true;
}

void IoBatcher::Wake(std::weak_ptr<Wakeable> target, Wakeable::Part part) {
  const bool is_here = BatchScheduler::OfThisThread() == this;
  bool must_post = false;
  {
    const std::lock_guard lock(mutex_);
    wakeups_.push_back({std::move(target), part});
    const bool waits_for_batch = BatchScope::IsOf(*this) && !ready_.empty();
    must_post = !is_here && !waits_for_batch && !std::exchange(wake_posted_, true);
  }
  if (is_here) return PostEndOfPass();
  if (must_post) PostWakeTargets();
}

bool IoBatcher::HasReadyJobs() {
  const std::lock_guard lock(mutex_);
  return !ready_.empty();
}

void IoBatcher::WakeTargets() {
  std::vector<Wakeup> wakeups;
  {
    const std::lock_guard lock(mutex_);
    wake_posted_ = false;
    wakeups.swap(wakeups_);
  }
  for (const Wakeup& wakeup : wakeups) {
    if (const auto target = wakeup.target.lock()) target->OnWake(wakeup.part);
  }
}

void IoBatcher::RunJobs(std::shared_ptr<IoBatcher> self) {
  const BatchScope scope(*self);
  bool needs_help = false;
  int left = max_jobs;
  for (Job job = self->PopJob(needs_help); job.mailbox; job = self->PopJob(needs_help)) {
    if (needs_help) self->PostRunJobs();
    job.mailbox->Run();
    // Lets other work of the pool run: coroutines, replies, HTTP requests. Deferred, so that no idle thread is woken.
    if (--left == 0) return asio::defer(self->pool_, [self] { RunJobs(self); });
  }
}

// Returns an empty job if there is none; the caller must stop then. `needs_help` becomes true if another thread must
// run jobs too; running_ counts that thread already.
IoBatcher::Job IoBatcher::PopJob(bool& needs_help) {
  Job job;
  bool must_post = false;
  {
    const std::lock_guard lock(mutex_);
    needs_help = ready_.size() > 1 && running_ < workers_;
    if (needs_help) ++running_;
    if (ready_.empty()) {
      --running_;
    } else {
      job = std::move(ready_.front());
      ready_.pop_front();
    }
    must_post = ready_.empty() && !wakeups_.empty() && !std::exchange(wake_posted_, true);
  }
  if (must_post) PostWakeTargets();
  return job;
}

void IoBatcher::PostWakeTargets() {
  asio::post(context_, [self = shared_from_this()] { self->WakeTargets(); });
}

}  // namespace ws::transport
