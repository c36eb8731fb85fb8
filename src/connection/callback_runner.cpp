#include "connection/callback_runner.hpp"

#include <boost/asio/system_executor.hpp>
#include <utility>
#include <vector>

namespace ws::connection {

boost::asio::any_io_executor CallbackRunner::Executor() const {
  if (options_.callback_thread == CallbackThread::Io) {
    if (strand_) return strand_;
    if (mailbox_) return mailbox_->Executor();
  }
  return options_.executor ? options_.executor : boost::asio::any_io_executor(boost::asio::system_executor());
}

auto CallbackRunner::MakeMailbox(std::weak_ptr<dispatch::MailboxOwner> owner) -> const MailboxPtr& {
  if (!mailbox_ && !released_) mailbox_ = std::make_shared<dispatch::Mailbox>(Executor(), std::move(owner));
  return mailbox_;
}

auto CallbackRunner::ReleaseMailbox() noexcept -> MailboxPtr {
  released_ = true;
  return std::exchange(mailbox_, nullptr);
}

void CallbackRunner::DeliverConnect(std::shared_ptr<dispatch::Registration> registration) {
  if (!mailbox_) return;
  auto late = std::make_shared<dispatch::EventDispatch>(dispatch::EventKind::Connect, "connect", Json());
  late->RunOnly(std::move(registration));
  std::vector<dispatch::Mailbox::DispatchPtr> batch{std::move(late)};
  mailbox_->Put(batch);
}

}  // namespace ws::connection
