// The messages that a connection sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ws/detail/protocol/send_queue.hpp"
#include "ws/stats.hpp"

namespace ws::connection {

// The write queue with the callers that wait for room in it. Each change returns whether the writer must be woken.
// Pure; not thread-safe. `Waiter` is a caller of EmitAsync.
template <class Waiter>
class Outbox {
 public:
  using Admission = protocol::Admission;
  using Outgoing = protocol::Outgoing;

  explicit Outbox(const protocol::SendLimits& limits) : queue_(limits) {}

  // The outcome of queueing a message.
  struct Queued {
    Admission admission = Admission::Queued;
    bool wakes_writer = false;
    bool made_room = false;   // older messages were dropped to make room
    bool first_loss = false;  // the first loss since the queue was last drained; it is logged
  };
  Queued Emit(Outgoing message) {
    const std::uint64_t dropped = queue_.Dropped();
    Queued queued = Finish(queue_.Emit(std::move(message)));
    queued.made_room = queued.admission == Admission::Queued && queue_.Dropped() != dropped;
    return queued;
  }
  Queued EmitVolatile(Outgoing message) { return Finish(queue_.EmitVolatile(std::move(message))); }
  Queued EmitRequest(Outgoing message) { return Finish(queue_.EmitRequest(std::move(message))); }
  // Queues a reply or another message of the protocol, also if the queue is full.
  Queued PushProtocol(Outgoing message) {
    queue_.PushProtocol(std::move(message));
    return Finish(Admission::Queued);
  }
  // The admission is Waiting if the caller would have to wait.
  Queued EmitIfRoom(const Outgoing& message) { return Finish(queue_.EmitIfRoom(message)); }
  // Moves from the waiter only if the admission is Waiting. The id is the one for CancelWaiter.
  Queued EmitWhenRoom(Outgoing message, Waiter& waiter, std::uint64_t id) {
    return Finish(queue_.EmitWhenRoom(std::move(message), waiter, id));
  }

  // Moves messages from the front of the queue into the batch. If there are none, the next queued message wakes the
  // writer.
  void PopBatch(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
    queue_.PopBatch(batch, max_messages, max_bytes);
    writer_awake_ = !batch.empty();
  }
  // The batch has been sent, or was lost with the transport. It is left empty.
  void CompleteBatch(std::vector<Outgoing>& batch, bool was_sent) {
    if (was_sent) {
      messages_out_ += batch.size();
      for (const Outgoing& message : batch) bytes_out_ += message.Size();
    }
    queue_.CompleteBatch(batch);
  }
  // Queues the message of the next waiter if there is room for it, and returns the waiter.
  std::optional<Waiter> AdmitWaiter() {
    auto admitted = queue_.AdmitWaiter();
    if (!admitted) return std::nullopt;
    return std::move(admitted->waiter);
  }
  std::optional<Waiter> CancelWaiter(std::uint64_t id) { return queue_.CancelWaiter(id); }
  std::optional<Waiter> CancelFirstWaiter() { return queue_.CancelFirstWaiter(); }

  // Removes a queued message. Returns false if it has been popped already.
  bool Remove(const protocol::FramePtr& frame) { return queue_.Remove(frame); }
  void Clear() { queue_.Clear(); }

  // True once, if a queue that was full has been drained to a quarter.
  bool ConsumeDrained() noexcept { return queue_.ConsumeDrained(); }
  // Takes over a pending drain notification from the queue of the previous connection.
  void TakeOverDrained(Outbox& earlier) noexcept { queue_.TakeOverDrained(earlier.queue_); }

  bool IsCongested() const noexcept { return queue_.IsCongested(); }
  // True if the connection's callbacks must pause, because too many of the messages that they queued are not sent yet.
  bool ShouldHoldCallbacks() const noexcept { return queue_.ShouldHoldCallbacks() || queue_.IsCongested(); }
  void AddTo(ConnectionStats& stats) const noexcept {
    stats.queued_messages = queue_.Messages();
    stats.queued_bytes = queue_.Bytes();
    stats.dropped = queue_.Dropped();
    stats.messages_out = messages_out_;
    stats.bytes_out = bytes_out_;
  }

 private:
  Queued Finish(Admission admission) noexcept {
    const bool wakes = admission == Admission::Queued && !std::exchange(writer_awake_, true);
    return {admission, wakes, false, queue_.ConsumeFirstLoss()};
  }

  protocol::SendQueue<Waiter> queue_;
  bool writer_awake_ = true;  // false after the writer has found the queue empty
  std::uint64_t messages_out_ = 0, bytes_out_ = 0;
};

}  // namespace ws::connection
