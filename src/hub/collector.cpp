#include "hub/collector.hpp"

namespace ws::hub {

void Collector::Ask(const std::vector<ConnectionPtr>& members, const Connection::Question& question,
                    std::chrono::milliseconds timeout) {
  for (std::size_t index = 0; index < members.size(); ++index) {
    members[index]->Ask(question, timeout,
                        [self = shared_from_this(), index](Reply reply) { self->Take(index, std::move(reply)); });
  }
}

void Collector::Take(std::size_t index, Reply reply) {
  Done done;
  std::vector<Reply> replies;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;
    replies_[index] = std::move(reply);
    answered_[index] = true;
    if (--left_ != 0) return;
    done.swap(done_);
    replies.swap(replies_);
  }
  done(std::move(replies));
}

void Collector::Cancel() {
  Done done;
  std::vector<Reply> replies;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;
    for (std::size_t index = 0; index < replies_.size(); ++index) {
      if (!answered_[index]) replies_[index].error = Errc::Cancelled;
    }
    done.swap(done_);
    replies.swap(replies_);
  }
  done(std::move(replies));
}

}  // namespace ws::hub
