// Collects the replies of several connections to one request.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "hub/registry.hpp"

namespace ws::hub {

// Sends one request to every member and calls back once, when each has replied, failed or missed the deadline.
// Thread-safe.
class Collector : public std::enable_shared_from_this<Collector> {
 public:
  // Gets the replies in the order of the members.
  using Done = std::function<void(std::vector<Reply>)>;

  Collector(std::vector<ConnectionPtr> members, Done done)
      : members_(members.begin(), members.end()),
        replies_(members.size()),
        missing_(members.size()),
        done_(std::move(done)) {}

  // There must be at least one member. The callback runs on the pool of the member that replies last.
  void Send(const connection::PreparedRequest& request, std::chrono::milliseconds timeout);
  // Calls back now. Members that have not replied yet have the error Cancelled.
  void Cancel();

 private:
  void SetReply(std::size_t index, Reply reply);

  const std::vector<std::weak_ptr<Connection>> members_;
  std::mutex mutex_;
  std::uint64_t request_id_ = 0;
  std::vector<Reply> replies_;
  std::vector<bool> has_replied_ = std::vector<bool>(replies_.size());
  std::size_t missing_;
  Done done_;  // empty once it has been called
};

}  // namespace ws::hub
