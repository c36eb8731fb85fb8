#include "hub/collector.hpp"

namespace ws::hub {

void Collector::Send(const connection::PreparedRequest& request, std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    request_id_ = request.id;
  }
  for (std::size_t index = 0; index < members_.size(); ++index) {
    if (const auto member = members_[index].lock())
      member->SendRequest(request, timeout,
                          [self = shared_from_this(), index](Reply reply) { self->SetReply(index, std::move(reply)); });
  }
}

void Collector::SetReply(std::size_t index, Reply reply) {
  Done done;
  std::vector<Reply> replies;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;
    replies_[index] = std::move(reply);
    has_replied_[index] = true;
    if (--missing_ != 0) return;
    done.swap(done_);
    replies.swap(replies_);
  }
  done(std::move(replies));
}

void Collector::Cancel() {
  Done done;
  std::vector<Reply> replies;
  std::vector<bool> has_replied;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;
    done.swap(done_);
    replies.swap(replies_);
    has_replied.swap(has_replied_);
  }
  for (std::size_t index = 0; index < replies.size(); ++index) {
    if (has_replied[index]) continue;
    replies[index].error = Errc::Cancelled;
    if (const auto member = members_[index].lock()) member->CancelRequest(request_id_);
  }
  done(std::move(replies));
}

}  // namespace ws::hub
