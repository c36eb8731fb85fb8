#include "transport/turn.hpp"

#include <boost/asio/defer.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include "transport/link.hpp"
#include "ws/detail/dispatch/mailbox.hpp"

namespace ws::transport {

namespace asio = boost::asio;

class Turn::Corked {
 public:
  explicit Corked(const Turn& turn) noexcept { current_ = &turn; }
  ~Corked() { current_ = nullptr; }
  Corked(const Corked&) = delete;
  Corked& operator=(const Corked&) = delete;

  static bool Is(const Turn& turn) noexcept { return current_ == &turn; }

 private:
  inline static thread_local const Turn* current_ = nullptr;
};

Turn::Turn(asio::io_context& context, asio::any_io_executor pool, unsigned workers)
    : context_(context), pool_(std::move(pool)), workers_(workers), look_(context) {}

std::shared_ptr<Turn> Turn::Here(const asio::any_io_executor& strand) {
  // A server's are the only ones.
  auto* const here = static_cast<Turn*>(Handover::Here());
  if (here == nullptr || &asio::query(strand, asio::execution::context) != &here->context_) return nullptr;
  return here->shared_from_this();
}

void Turn::RunContext() {
  const Scope scope(this);
  const auto work = asio::make_work_guard(context_);
  context_.run();
}

bool Turn::Take(const asio::any_io_executor& pool, const Job& job) {
  if (pool != pool_) return false;
  EndLater();
  gathered_.push_back(job);
  return true;
}

// Behind all that is ready now.
void Turn::EndLater() {
  if (ending_) return;
  asio::post(context_, [self = shared_from_this()] {
    self->ending_ = false;
    try {
      self->EndTurn();
    } catch (const std::bad_alloc&) {
      self->EndLater();
    }
  });
  ending_ = true;
}

void Turn::EndTurn() {
  WakeLinks();
  if (gathered_.empty() && !owes_) return;
  owes_ = true;
  bool begins = false, some_wait = false;
  {
    const std::lock_guard lock(mutex_);
    ready_.insert(ready_.end(), std::move_iterator(gathered_.begin()), std::move_iterator(gathered_.end()));
    begins = working_ < workers_ && !ready_.empty();
    if (begins) ++working_;
    some_wait = ready_.size() > 1 || working_ > 1 || !begins;
  }
  gathered_.clear();
  if (begins) BeginWork();
  if (some_wait) LookAgain();
  owes_ = false;
}

// One thread of the pool more, which is counted already.
void Turn::BeginWork() {
  try {
    asio::post(pool_, [self = shared_from_this()] { Work(self); });
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(mutex_);
    --working_;
    throw;
  }
}

// While some wait for a thread of the pool, what others have to send waits with them (see Wake); but a callback may
// block.
void Turn::LookAgain() {
  if (looking_) return;
  look_->expires_after(patience);
  look_->async_wait([self = shared_from_this()](Error cancelled) {
    self->looking_ = false;
    if (cancelled) return;
    self->WakeLinks();
    if (self->SomeWait()) self->LookAgain();
  });
  looking_ = true;
}

void Turn::Wake(std::weak_ptr<Link> link, void (Link::*what)()) {
  const bool is_here = Handover::Here() == this;
  bool calls = false;
  {
    const std::lock_guard lock(mutex_);
    woken_.push_back({std::move(link), what});
    const bool waits = Corked::Is(*this) && !ready_.empty();
    calls = !is_here && !waits && !std::exchange(called_, true);
  }
  if (is_here) return EndLater();
  if (calls) Call();
}

bool Turn::SomeWait() {
  const std::lock_guard lock(mutex_);
  return !ready_.empty();
}

void Turn::WakeLinks() {
  std::vector<Woken> woken;
  {
    const std::lock_guard lock(mutex_);
    called_ = false;
    woken.swap(woken_);
  }
  for (const Woken& one : woken) {
    const auto link = one.link.lock();
    try {
      if (link) (link.get()->*one.what)();
    } catch (const std::bad_alloc&) {
      link->Break();  // the others are woken all the same
    }
  }
}

void Turn::Work(std::shared_ptr<Turn> self) {
  const Corked corked(*self);
  bool more = false;
  int left = batch;
  for (Job job = self->Next(more); job.mailbox; job = self->Next(more)) {
    try {
      if (more) self->BeginWork();
    } catch (const std::bad_alloc&) {
      // This thread goes on alone.
    }
    job.mailbox->Run();
    if (--left == 0 && self->GoOnLater()) return;
  }
}

// Behind what else waits for the pool: coroutines, replies, HTTP requests. Deferred, so that no idle thread is woken.
// False: there is no memory for it.
bool Turn::GoOnLater() noexcept {
  try {
    asio::defer(pool_, [self = shared_from_this()] { Work(self); });
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// None: nothing is left, and the caller works no more. `more`: so much is left that another should help.
Turn::Job Turn::Next(bool& more) {
  Job next;
  bool calls = false;
  {
    const std::lock_guard lock(mutex_);
    more = ready_.size() > 1 && working_ < workers_;
    if (more) ++working_;
    if (ready_.empty()) {
      --working_;
    } else {
      next = std::move(ready_.front());
      ready_.pop_front();
    }
    // Nobody waits any more, so what callbacks have to send does not either.
    calls = ready_.empty() && !woken_.empty() && !std::exchange(called_, true);
  }
  if (calls) Call();
  return next;
}

void Turn::Call() noexcept {
  try {
    asio::post(context_, [self = shared_from_this()] { self->WakeLinks(); });
  } catch (const std::bad_alloc&) {
    const std::lock_guard lock(mutex_);
    called_ = false;  // they are woken with the next
  }
}

}  // namespace ws::transport
