// The replies of many to one request.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "hub/registry.hpp"

namespace ws::hub {

// Asks every member the same question and calls back once, when each has answered, failed or missed the deadline.
class Collector : public std::enable_shared_from_this<Collector> {
 public:
  // In the order of the members.
  using Done = std::function<void(std::vector<Reply>)>;

  Collector(std::size_t members, Done done) : replies_(members), left_(members), done_(std::move(done)) {}

  // There is at least one member. The callback runs on the pool of whoever answers last; where there is no memory to
  // ask all, nobody stays asked, and it does not run.
  void Ask(const std::vector<ConnectionPtr>& members, const Connection::Question& question,
           std::chrono::milliseconds timeout);
  // Calls back now; who has not answered yet has Cancelled, and is asked no more. Safe from any thread.
  void Cancel();

 private:
  void Take(std::size_t index, Reply reply);
  // Asks no more; what is then to be told, where nothing was yet.
  std::pair<Done, std::vector<Reply>> Abandon();

  std::mutex mutex_;
  std::vector<std::weak_ptr<Connection>> asked_;
  std::uint64_t id_ = 0;  // of the question
  std::vector<Reply> replies_;
  std::vector<bool> answered_ = std::vector<bool>(replies_.size());
  std::size_t left_;
  Done done_;  // taken by whoever finishes
};

}  // namespace ws::hub
