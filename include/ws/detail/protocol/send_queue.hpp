// The bounded write queue of a connection.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ws/detail/protocol/fifo.hpp"
#include "ws/detail/protocol/outgoing.hpp"

namespace ws::protocol {

// The write queue of protocol.md, section 5, and the list of callers that wait for room in it. A popped message counts
// towards the limits until CompleteBatch, so the limits bound the memory in use. Waiter is the type that resumes a
// waiting caller. Not thread-safe.
template <class Waiter>
class SendQueue {
 public:
  // A waiter whose message has been queued.
  struct Admitted {
    std::uint64_t id;
    Waiter waiter;
  };

  explicit SendQueue(const SendLimits& limits) : limits_(limits) {}

  // Queues a message by the overflow policy. Returns Queued, Full, TooLarge or Overflowed. Dropped counts the messages
  // that the policy drops.
  Admission Emit(Outgoing message);
  // Like Emit, but drops the message if it would fill more than a quarter of the queue, unless the queue is empty.
  Admission EmitVolatile(Outgoing message);
  // Queues a message of EmitAsync if there is room for it. Returns Queued, TooLarge, or Waiting if there is no room.
  Admission EmitIfRoom(const Outgoing& message);
  // Queues a message of EmitAsync, or adds it to the waiting messages. Returns Queued, TooLarge, Full or Waiting. Moves
  // from `waiter` only if the result is Waiting; AdmitWaiter or CancelWaiter returns it later. `id` identifies it.
  Admission EmitWhenRoom(Outgoing message, Waiter& waiter, std::uint64_t id);
  // Queues one of our requests. Unlike Emit, it refuses the message under any policy if the queue is full, and a queued
  // request is never dropped. Returns Queued, Full or TooLarge.
  Admission EmitRequest(Outgoing message);
  // Queues a protocol message even if the queue is full. The caller must handle no further input while IsCongested.
  void PushProtocol(Outgoing message) {
    message.source = MessageSource::Protocol;
    Append(std::move(message));
  }

  // Moves messages from the front of the queue to `batch`, up to both maxima, but at least one if there is one.
  void PopBatch(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes);
  // Removes the messages of a written batch from the counts, and clears the batch.
  void CompleteBatch(std::vector<Outgoing>& batch) {
    for (const Outgoing& message : batch) RemoveFromUsage(message);
    batch.clear();
  }
  // Queues the first waiting message if there is room for it, and returns its waiter.
  std::optional<Admitted> AdmitWaiter();
  // Removes one waiter with its message and returns it: the one with this id, or the first one.
  std::optional<Waiter> CancelWaiter(std::uint64_t id);
  std::optional<Waiter> CancelFirstWaiter() {
    return waiters_.IsEmpty() ? std::nullopt : CancelWaiter(waiters_.Front().id);
  }
  // Removes a queued message. Returns false if it is not in the queue, for example because it was popped.
  bool Remove(const FramePtr& frame);
  // Removes all queued messages, but not the popped ones and the waiters.
  void Clear();

  bool HasMore() const noexcept { return !queue_.IsEmpty(); }
  std::size_t Messages() const noexcept { return total_.messages; }
  std::size_t Bytes() const noexcept { return total_.bytes; }
  std::uint64_t Dropped() const noexcept { return dropped_; }
  // Returns true if the queue exceeds its limits and contains protocol messages. EmitAsync alone does not congest it.
  bool IsCongested() const noexcept {
    return UsageOf(MessageSource::Protocol).messages != 0 &&
           (total_.messages > limits_.max_messages || total_.bytes > limits_.max_bytes);
  }
  // Returns true if unsent messages from the connection's own callbacks fill more than a quarter of the queue.
  bool ShouldHoldCallbacks() const noexcept {
    return callbacks_.messages > limits_.max_messages / 4 || callbacks_.bytes > limits_.max_bytes / 4;
  }
  // Returns true once after the queue was full, as soon as it is at most a quarter full and no caller waits.
  bool ConsumeDrained() noexcept;
  // Takes over a pending drain notification from the previous connection's queue.
  void TakeOverDrained(SendQueue& earlier) noexcept { was_full_ |= std::exchange(earlier.was_full_, false); }
  // Returns true once after the first message was lost since the last drain.
  bool ConsumeFirstLoss() noexcept { return std::exchange(unreported_loss_, false); }

 private:
  struct Waiting {
    std::uint64_t id;
    Outgoing message;
    Waiter waiter;
  };

  bool EmitFits(std::size_t size) const noexcept { return EmitFits(size, total_, UsageOf(MessageSource::Emit)); }
  bool EmitFits(std::size_t size, const QueueUsage& total, const QueueUsage& mine) const noexcept;
  bool WaitingFits(std::size_t size) const noexcept;
  bool DropOldestFor(std::size_t size);
  void Append(Outgoing message);
  void RemoveFromUsage(const Outgoing& message) noexcept;
  void Drop(typename Fifo<Outgoing>::Iterator message) { RemoveFromUsage(*message), queue_.Erase(message); }
  void CountLoss() noexcept;
  QueueUsage& UsageOf(MessageSource source) noexcept { return usages_[static_cast<std::size_t>(source)]; }
  const QueueUsage& UsageOf(MessageSource source) const noexcept { return usages_[static_cast<std::size_t>(source)]; }

  const SendLimits limits_;
  Fifo<Outgoing> queue_;
  Fifo<Waiting> waiters_;
  std::size_t waiting_bytes_ = 0;
  QueueUsage total_, callbacks_, usages_[3];  // queued messages, and popped ones until CompleteBatch
  std::uint64_t dropped_ = 0;
  bool was_full_ = false, losing_ = false, unreported_loss_ = false;
};

template <class Waiter>
Admission SendQueue<Waiter>::Emit(Outgoing message) {
  const std::size_t size = message.Size();
  if (size > limits_.max_bytes) return Admission::TooLarge;
  if (!EmitFits(size)) {
    was_full_ = true;
    if (limits_.overflow != Overflow::DropOldest || !DropOldestFor(size)) {
      CountLoss();
      return limits_.overflow == Overflow::Close ? Admission::Overflowed : Admission::Full;
    }
  }
  message.source = MessageSource::Emit;
  Append(std::move(message));
  return Admission::Queued;
}

template <class Waiter>
Admission SendQueue<Waiter>::EmitVolatile(Outgoing message) {
  const std::size_t size = message.Size();
  if (size > limits_.max_bytes) return Admission::TooLarge;
  if (total_.messages != 0 &&
      !total_.Fits(size, std::max<std::size_t>(limits_.max_messages / 4, 1), limits_.max_bytes / 4)) {
    ++dropped_;
    return Admission::Full;
  }
  message.source = MessageSource::Emit;
  Append(std::move(message));
  return Admission::Queued;
}

template <class Waiter>
Admission SendQueue<Waiter>::EmitIfRoom(const Outgoing& message) {
  if (message.Size() > limits_.max_bytes) return Admission::TooLarge;
  if (!waiters_.IsEmpty() || !WaitingFits(message.Size())) return Admission::Waiting;
  Outgoing copy = message;
  copy.source = MessageSource::EmitAsync;
  Append(std::move(copy));
  return Admission::Queued;
}

template <class Waiter>
Admission SendQueue<Waiter>::EmitWhenRoom(Outgoing message, Waiter& waiter, std::uint64_t id) {
  const std::size_t size = message.Size();
  const Admission admission = EmitIfRoom(message);
  if (admission != Admission::Waiting) return admission;
  was_full_ = true;
  if (waiters_.Size() >= limits_.max_waiters || waiting_bytes_ + size > limits_.max_bytes) {
    CountLoss();
    return Admission::Full;
  }
  message.source = MessageSource::EmitAsync;
  waiters_.Push({id, std::move(message), std::move(waiter)});
  waiting_bytes_ += size;
  return Admission::Waiting;
}

template <class Waiter>
Admission SendQueue<Waiter>::EmitRequest(Outgoing message) {
  if (message.Size() > limits_.max_bytes) return Admission::TooLarge;
  if (!EmitFits(message.Size())) {
    was_full_ = true;
    CountLoss();
    return Admission::Full;
  }
  PushProtocol(std::move(message));
  return Admission::Queued;
}

template <class Waiter>
void SendQueue<Waiter>::PopBatch(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
  std::size_t bytes = 0;
  while (!queue_.IsEmpty() && batch.size() < max_messages) {
    const std::size_t size = queue_.Front().Size();
    if (!batch.empty() && bytes + size > max_bytes) return;
    bytes += size;
    batch.push_back(queue_.Pop());
  }
}

template <class Waiter>
auto SendQueue<Waiter>::AdmitWaiter() -> std::optional<Admitted> {
  if (waiters_.IsEmpty() || !WaitingFits(waiters_.Front().message.Size())) return std::nullopt;
  Waiting first = waiters_.Pop();
  waiting_bytes_ -= first.message.Size();
  Append(std::move(first.message));
  return Admitted{first.id, std::move(first.waiter)};
}

template <class Waiter>
std::optional<Waiter> SendQueue<Waiter>::CancelWaiter(std::uint64_t id) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(), [id](const Waiting& one) { return one.id == id; });
  if (found == waiters_.end()) return std::nullopt;
  std::optional<Waiter> waiter(std::move(found->waiter));
  waiting_bytes_ -= found->message.Size();
  waiters_.Erase(found);
  return waiter;
}

template <class Waiter>
bool SendQueue<Waiter>::Remove(const FramePtr& frame) {
  const auto found =
      std::find_if(queue_.begin(), queue_.end(), [&](const Outgoing& one) { return one.frame == frame; });
  if (found == queue_.end()) return false;
  Drop(found);
  return true;
}

template <class Waiter>
void SendQueue<Waiter>::Clear() {
  for (const Outgoing& message : queue_) RemoveFromUsage(message);
  queue_.Clear();
}

template <class Waiter>
bool SendQueue<Waiter>::ConsumeDrained() noexcept {
  const bool quarter = total_.messages <= limits_.max_messages / 4 && total_.bytes <= limits_.max_bytes / 4;
  if (!was_full_ || !quarter || !waiters_.IsEmpty()) return false;
  was_full_ = losing_ = false;
  return true;
}

// While a caller of EmitAsync waits, Emit may fill half of the queue, but at least one message. So neither blocks the
// other.
template <class Waiter>
bool SendQueue<Waiter>::EmitFits(std::size_t size, const QueueUsage& total, const QueueUsage& mine) const noexcept {
  if (total.messages == 0) return true;
  if (!total.Fits(size, limits_.max_messages, limits_.max_bytes)) return false;
  return waiters_.IsEmpty() || mine.messages == 0 || mine.Fits(size, limits_.max_messages / 2, limits_.max_bytes / 2);
}

// EmitAsync's half admits one message of any size if the queue is not full, so a large one need not wait for an empty
// queue.
template <class Waiter>
bool SendQueue<Waiter>::WaitingFits(std::size_t size) const noexcept {
  if (total_.messages == 0) return true;
  const QueueUsage& mine = UsageOf(MessageSource::EmitAsync);
  if (mine.messages == 0) return total_.messages < limits_.max_messages && total_.bytes < limits_.max_bytes;
  return total_.Fits(size, limits_.max_messages, limits_.max_bytes) &&
         mine.Fits(size, limits_.max_messages / 2, limits_.max_bytes / 2);
}

// Drops the oldest messages of Emit until `size` bytes fit. Drops none and returns false if that cannot make enough
// room.
template <class Waiter>
bool SendQueue<Waiter>::DropOldestFor(std::size_t size) {
  const auto is_emit = [](const Outgoing& one) { return one.source == MessageSource::Emit; };
  QueueUsage total = total_, mine = UsageOf(MessageSource::Emit);
  for (auto one = queue_.begin(); !EmitFits(size, total, mine); ++one) {
    one = std::find_if(one, queue_.end(), is_emit);
    if (one == queue_.end()) return false;
    total.Remove(one->Size());
    mine.Remove(one->Size());
  }
  while (!EmitFits(size)) {
    Drop(std::find_if(queue_.begin(), queue_.end(), is_emit));
    CountLoss();
  }
  return true;
}

template <class Waiter>
void SendQueue<Waiter>::Append(Outgoing message) {
  queue_.Push(std::move(message));  // can throw bad_alloc, so the counts change afterwards
  const Outgoing& last = queue_.Back();
  total_.Add(last.Size());
  UsageOf(last.source).Add(last.Size());
  if (last.from_callback) callbacks_.Add(last.Size());
}

template <class Waiter>
void SendQueue<Waiter>::RemoveFromUsage(const Outgoing& message) noexcept {
  const std::size_t size = message.Size();
  total_.Remove(size);
  UsageOf(message.source).Remove(size);
  if (message.from_callback) callbacks_.Remove(size);
}

template <class Waiter>
void SendQueue<Waiter>::CountLoss() noexcept {
  ++dropped_;
  if (!losing_) unreported_loss_ = true;
  losing_ = true;
}

}  // namespace ws::protocol
