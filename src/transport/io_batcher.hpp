// Batches the jobs and wake-ups between an I/O thread and the pool.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "dispatch/batch_scheduler.hpp"

namespace ws::transport {

// Interface of an object that an IoBatcher wakes on its I/O thread.
class Wakeable {
 public:
  enum class Part { Reader, Writer };

  virtual void OnWake(Part part) = 0;

 protected:
  ~Wakeable() = default;
};

// Belongs to an I/O thread, which runs one context. Posts the mailboxes that received messages in one pass of the loop
// to the pool together, and wakes the links with new output together. So a thread is woken once for many messages.
// Thread-safe unless a function says otherwise.
class IoBatcher final : public dispatch::BatchScheduler, public std::enable_shared_from_this<IoBatcher> {
 public:
  // Uses at most `workers` threads of the pool at a time. The context must outlive the call of Close.
  IoBatcher(boost::asio::io_context& context, boost::asio::any_io_executor pool, unsigned workers);

  // The batcher of the calling thread, or null if it is no I/O thread of a server, or if the strand runs on another
  // context.
  static std::shared_ptr<IoBatcher> OfThisThread(const boost::asio::any_io_executor& strand);
  // Runs the context until it is stopped or a handler throws. Called on the I/O thread.
  void RunContext();
  // Releases the context. Called when its thread has ended.
  void Close() { timer_.reset(); }

  // Called on the I/O thread.
  bool Schedule(const boost::asio::any_io_executor& pool, const Job& job) override;
  // Calls OnWake on the I/O thread, if the object still lives then. While a thread of the pool runs a batch, this waits
  // for the other mailboxes of the batch, at most for max_delay.
  void Wake(std::weak_ptr<Wakeable> target, Wakeable::Part part);

 private:
  static constexpr std::chrono::milliseconds max_delay{1};
  static constexpr int max_jobs = 16;  // run before other work gets the thread of the pool

  struct Wakeup {
    std::weak_ptr<Wakeable> target;
    Wakeable::Part part;
  };
  // Marks a thread of the pool that runs a batch.
  class BatchScope;

  // Called on the I/O thread.
  void PostEndOfPass();
  void OnEndOfPass();
  void StartTimer();
  void WakeTargets();
  bool HasReadyJobs();
  // Called on the pool.
  void PostRunJobs();
  static void RunJobs(std::shared_ptr<IoBatcher> self);
  Job PopJob(bool& needs_help);
  void PostWakeTargets();

  boost::asio::io_context& context_;
  const boost::asio::any_io_executor pool_;
  const unsigned workers_;

  // Used on the I/O thread.
  std::vector<Job> scheduled_;
  bool end_of_pass_posted_ = false;
  std::optional<boost::asio::steady_timer> timer_;
  bool timer_runs_ = false;

  std::mutex mutex_;
  std::deque<Job> ready_;
  unsigned running_ = 0;  // threads of the pool that run jobs
  std::vector<Wakeup> wakeups_;
  bool wake_posted_ = false;
};

}  // namespace ws::transport
