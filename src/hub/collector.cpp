#include "hub/collector.hpp"

namespace ws::hub {

void Collector::Ask(const std::vector<ConnectionPtr>& members, const Connection::Question& question,
                    std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    asked_.assign(members.begin(), members.end());
    id_ = question.id;
  }
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
  std::vector<std::weak_ptr<Connection>> silent;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return;
    for (std::size_t index = 0; index < replies_.size(); ++index) {
      if (answered_[index]) continue;
      replies_[index].error = Errc::Cancelled;
      if (index < asked_.size()) silent.push_back(std::move(asked_[index]));
    }
    done.swap(done_);
    replies.swap(replies_);
  }
  for (const auto& member : silent) {
    if (const auto connection = member.lock()) connection->AbandonRequest(id_);
  }
  done(std::move(replies));
}

}  // namespace ws::hub
