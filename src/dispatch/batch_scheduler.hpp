// Schedules mailboxes on a pool in batches.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <utility>

namespace ws::dispatch {

class Mailbox;
class MailboxOwner;

// Interface. If the calling thread has a scheduler, mailboxes that become ready on it are posted to the pool together.
class BatchScheduler {
 public:
  // A mailbox to run. Keeps its owner alive until then.
  struct Job {
    std::shared_ptr<Mailbox> mailbox = {};
    std::shared_ptr<MailboxOwner> owner = {};
  };

  virtual ~BatchScheduler() = default;

  // Runs the mailbox on the pool soon. Returns false if the scheduler serves another pool.
  virtual bool Schedule(const boost::asio::any_io_executor& pool, const Job& job) = 0;

  // The scheduler of the calling thread, or null.
  static BatchScheduler* OfThisThread() noexcept { return current_; }

 protected:
  // Makes a scheduler the calling thread's while the scope lasts.
  class Scope {
   public:
    explicit Scope(BatchScheduler* scheduler) noexcept : outer_(std::exchange(current_, scheduler)) {}
    ~Scope() { current_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    BatchScheduler* outer_;
  };

 private:
  inline static thread_local BatchScheduler* current_ = nullptr;
};

}  // namespace ws::dispatch
