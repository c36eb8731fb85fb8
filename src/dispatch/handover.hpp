// Where an I/O thread gathers what it has for a pool.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <utility>

namespace ws::dispatch {

class Mailbox;
class MailboxOwner;

// Interface. A thread that has one hands over its mailboxes at the end of its turn, all at once.
class Handover {
 public:
  // A mailbox that is to Run; its owner lives until then.
  struct Job {
    std::shared_ptr<Mailbox> mailbox = {};
    std::shared_ptr<MailboxOwner> owner = {};
  };

  virtual ~Handover() = default;

  // Calls Run of the mailbox on the pool, soon; false where this serves another pool.
  virtual bool Take(const boost::asio::any_io_executor& pool, const Job& job) = 0;

  // The calling thread's; null where it has none.
  static Handover* Here() noexcept { return here_; }

 protected:
  // Makes it the calling thread's, for the time of a scope.
  class Scope {
   public:
    explicit Scope(Handover* handover) noexcept : outer_(std::exchange(here_, handover)) {}
    ~Scope() { here_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Handover* outer_;
  };

 private:
  inline static thread_local Handover* here_ = nullptr;
};

}  // namespace ws::dispatch
