// The messages of one read.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "connection/inbox.hpp"
#include "ws/detail/dispatch/event_dispatch.hpp"

namespace ws::connection {

// Collects the messages of one read, so that they are counted under one lock and handed to the mailbox together. Used
// on the link's strand only.
class ReceiveBatch {
 public:
  using DispatchPtr = std::shared_ptr<dispatch::EventDispatch>;

  // Counts a received message, also if it is not for the callbacks.
  void Count(std::size_t bytes) noexcept {
    ++received_.messages;
    received_.bytes += bytes;
  }
  // Adds a message for the callbacks.
  void Add(DispatchPtr dispatch) {
    ++received_.waiting_messages;
    received_.waiting_bytes += dispatch->Size();
    dispatches_.push_back(std::move(dispatch));
  }
  // Adds a lifecycle event, which does not count as received.
  void AddLifecycle(DispatchPtr dispatch) { dispatches_.push_back(std::move(dispatch)); }

  // Counts a malformed message. Returns true if there were `max` in a row; a `max` of zero allows any number.
  bool CountMalformed(unsigned max) noexcept { return ++malformed_ >= max && max != 0; }
  void ResetMalformed() noexcept { malformed_ = 0; }

  // Returns the counts since the last call.
  Inbox::Received PopReceived() noexcept { return std::exchange(received_, {}); }
  std::vector<DispatchPtr>& Dispatches() noexcept { return dispatches_; }

 private:
  std::vector<DispatchPtr> dispatches_;
  Inbox::Received received_;
  unsigned malformed_ = 0;  // in a row
};

}  // namespace ws::connection
