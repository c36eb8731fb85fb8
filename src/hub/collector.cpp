#include "hub/collector.hpp"

namespace ws::hub {

void Collector::Ask(const std::vector<ConnectionPtr>& members, const Connection::Question& question,
                    std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    asked_.assign(members.begin(), members.end());
    id_ = question.id;
  }
  try {
    for (std::size_t index = 0; index < members.size(); ++index) {
      members[index]->Ask(question, timeout,
                          [self = shared_from_this(), index](Reply reply) { self->Take(index, std::move(reply)); });
    }
  } catch (const std::bad_alloc&) {
    Abandon();
    throw;
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
  if (auto [done, replies] = Abandon(); done) done(std::move(replies));
}

// Without memory of its own: who gives up may do so for want of it.
std::pair<Collector::Done, std::vector<Reply>> Collector::Abandon() {
  Done done;
  std::vector<Reply> replies;
  std::vector<bool> answered;
  std::vector<std::weak_ptr<Connection>> asked;
  {
    const std::lock_guard lock(mutex_);
    if (!done_) return {};
    done.swap(done_);
    replies.swap(replies_);
    answered.swap(answered_);
    asked.swap(asked_);
  }
  for (std::size_t index = 0; index < replies.size(); ++index) {
    if (answered[index]) continue;
    replies[index].error = Errc::Cancelled;
    const auto member = index < asked.size() ? asked[index].lock() : nullptr;
    try {
      if (member) member->AbandonRequest(id_);
    } catch (const std::bad_alloc&) {
      // It is open no more all the same; only its question may still leave.
    }
  }
  return {std::move(done), std::move(replies)};
}

}  // namespace ws::hub
