// What a mailbox and the messages in it ask of the connection they belong to.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "ws/detail/dispatch/event_table.hpp"
#include "ws/message.hpp"
#include "ws/reply.hpp"

namespace ws::dispatch {

// What a message is to its connection.
enum class Delivery {
  Event,       // from the peer
  Raw,         // from the peer, for OnMessage
  Connect,     // lifecycle
  Disconnect,  // lifecycle, the last of all
  Drain        // OnDrain, of nobody's making
};

// What the callbacks of one message came to: an error, else the first value, else nothing.
struct Answer {
  Result result = {};
  std::string path = {};  // JSON pointer, of `invalid_payload`
  bool heard = true;      // whether there was a callback at all
};

// The callbacks of a message, in the order in which they run.
class Listeners {
 public:
  using List = std::shared_ptr<const Registrations>;

  void Add(List list) {
    if (!list) return;
    size_ += list->size();
    lists_[used_++] = std::move(list);
  }
  // They run before the others, and a Failure of one keeps the rest from running.
  void AddGates(List list) {
    Add(std::move(list));
    gates_ = size_;
  }

  std::size_t Size() const noexcept { return size_; }
  std::size_t Gates() const noexcept { return gates_; }
  const std::shared_ptr<Registration>& At(std::size_t index) const {
    std::size_t list = 0;
    while (index >= lists_[list]->size()) index -= lists_[list++]->size();
    return (*lists_[list])[index];
  }

 private:
  // A hub's and a connection's gates, the event's own, and OnAny of both; lifecycle events have both's own.
  std::array<List, 5> lists_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
  std::size_t gates_ = 0;
};

// Called on the mailbox's strand or a pool thread, under no lock of the mailbox.
class MailboxOwner {
 public:
  virtual ~MailboxOwner() = default;

  // Whether the next message may start; after a false the owner calls Mailbox::Wake when it may.
  virtual bool MayStart() = 0;
  virtual ConnectionPtr Self() = 0;
  virtual Listeners Find(Delivery delivery, const Message& message) = 0;
  // Takes a Once that has fired out of its table.
  virtual void Forget(const Registration& registration) = 0;
  // All callbacks of a message have returned. After `disconnect` nothing runs any more.
  virtual void Answered(Delivery delivery, const Message& message, Answer answer) = 0;
  // A callback threw; `what` is for the log only.
  virtual void Threw(const Message& message, std::string_view what) = 0;
  // There was no memory for what is owed to a message. Throws nothing.
  virtual void Broke() noexcept = 0;
  // A message was dropped unhandled.
  virtual void Discarded(const Message& message) = 0;
};

}  // namespace ws::dispatch
