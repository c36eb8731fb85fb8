// Runs a connection's callbacks on the executor that the options name.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "connection/requests.hpp"
#include "ws/detail/dispatch/mailbox.hpp"
#include "ws/options.hpp"

namespace ws::connection {

// Owns the mailbox, which exists once the connection is open, or earlier if it is needed. Not thread-safe: used with
// the connection's lock held.
class CallbackRunner {
 public:
  using MailboxPtr = std::shared_ptr<dispatch::Mailbox>;

  // The options must outlive this object.
  explicit CallbackRunner(const Options& options) noexcept : options_(options) {}

  // The link's strand. Empty before Attach, and after the transport has ended.
  void SetStrand(boost::asio::any_io_executor strand) { strand_ = std::move(strand); }
  const boost::asio::any_io_executor& Strand() const noexcept { return strand_; }

  // The executor of the callbacks.
  boost::asio::any_io_executor Executor() const;
  // Creates the mailbox if it does not exist.
  const MailboxPtr& MakeMailbox(std::weak_ptr<dispatch::MailboxOwner> owner);
  // Creates the mailbox if it can be created now: with CallbackThread::Io it needs the link's strand.
  template <class Owner>
  const MailboxPtr& GetMailbox(Owner& owner) {
    if (!mailbox_ && options_.callback_thread == CallbackThread::Pool) return MakeMailbox(owner.weak_from_this());
    return mailbox_;
  }
  // The mailbox, or null.
  const MailboxPtr& Mailbox() const noexcept { return mailbox_; }
  // Removes the mailbox. No other one is created afterwards.
  MailboxPtr ReleaseMailbox() noexcept;
  bool RunningInThisThread() const { return mailbox_ && mailbox_->RunningInThisThread(); }

  // `connect` is delivered, so `disconnect` will be.
  void BeginConnect(bool has_callbacks) noexcept {
    connect_delivered_ = true;
    connect_started_ = !has_callbacks;
  }
  bool HasDeliveredConnect() const noexcept { return connect_delivered_; }
  // The callbacks of `connect` have been looked up. A callback that is registered from now on is late.
  void StartConnect() noexcept { connect_started_ = true; }
  bool HasStartedConnect() const noexcept { return connect_started_; }
  // Delivers `connect` to a callback that was registered late.
  void DeliverConnect(std::shared_ptr<dispatch::Registration> registration);

 private:
  const Options& options_;
  boost::asio::any_io_executor strand_;
  MailboxPtr mailbox_;
  bool released_ = false;
  bool connect_delivered_ = false, connect_started_ = false;
};

}  // namespace ws::connection
