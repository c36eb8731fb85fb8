// What waits for the socket: bounded, in order, with a rule for when it is full.
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

// The bounded queue of PROTOCOL.md 5, with the line of those who wait for room. What was taken counts until it is
// Sent, so the bound is one of memory. Waiter is whatever wakes a waiting caller. Not thread-safe.
template <class Waiter>
class SendQueue {
 public:
  struct Admitted {
    std::uint64_t id;
    Waiter waiter;
  };

  explicit SendQueue(const SendLimits& limits) : limits_(limits) {}

  // Overflowed: the policy says to close. What the policy dropped is counted in Dropped.
  Admission Emit(Outgoing message);
  // Only where the queue is at most a quarter full with it; else dropped.
  Admission EmitVolatile(Outgoing message);
  // For those who may wait: Queued, TooLarge, or Waiting where it would have to.
  Admission EmitIfRoom(const Outgoing& message);
  // Queued, Full, or Waiting: only then `waiter` is taken, for Admit or Withdraw to hand back. The id names it.
  Admission EmitWhenRoom(Outgoing message, Waiter& waiter, std::uint64_t id);
  // As Emit, but refused when full whatever the policy, and never dropped: a request of ours.
  Admission Ask(Outgoing message);
  // Always queued; whoever caused it stops while the queue is IsCongested.
  void Push(Outgoing message);

  // Moves out messages from the front, at least one, up to so many bytes and messages.
  void Take(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes);
  // The batch has left; it is cleared.
  void Sent(std::vector<Outgoing>& batch);
  // The next waiter whose message has now been queued.
  std::optional<Admitted> Admit();
  // Gives up one waiter, or the first of them all.
  std::optional<Waiter> Withdraw(std::uint64_t id);
  std::optional<Waiter> WithdrawFirst();
  // Drops one that is queued and not taken; whether there was one. Clear drops all of them.
  bool Recall(const FramePtr& frame);
  void Clear();

  bool HasMore() const noexcept { return !queue_.IsEmpty(); }
  std::size_t Messages() const noexcept { return total_.messages; }
  std::size_t Bytes() const noexcept { return total_.bytes; }
  std::uint64_t Dropped() const noexcept { return dropped_; }
  // Over its bound by Protocol messages: a large one of EmitAsync alone does not keep input from being handled.
  bool IsCongested() const noexcept {
    return ShareOf(Origin::Protocol).messages != 0 &&
           (total_.messages > limits_.max_messages || total_.bytes > limits_.max_bytes);
  }
  // What the connection's own callbacks queued and is unsent exceeds a quarter.
  bool HoldsCallbacks() const noexcept {
    return callbacks_.messages > limits_.max_messages / 4 || callbacks_.bytes > limits_.max_bytes / 4;
  }
  // True once, when a queue that had been full is down to a quarter.
  bool TakeDrained() noexcept;
  // What the earlier one's TakeDrained was still to tell, this one's does.
  void InheritDrained(SendQueue& earlier) noexcept { was_full_ |= std::exchange(earlier.was_full_, false); }
  // True for the first loss since the queue was last drained.
  bool TakeFirstLoss() noexcept { return std::exchange(unreported_loss_, false); }

 private:
  struct Waiting {
    std::uint64_t id;
    Outgoing message;
    Waiter waiter;
  };

  bool EmitFits(std::size_t size) const noexcept { return EmitFits(size, total_, ShareOf(Origin::Emit)); }
  bool EmitFits(std::size_t size, const Share& total, const Share& mine) const noexcept;
  bool WaitingFits(std::size_t size) const noexcept;
  bool DropFor(std::size_t size);
  void Append(Outgoing message);
  void Forget(const Outgoing& message) noexcept;
  void Drop(typename Fifo<Outgoing>::Iterator message) { Forget(*message), queue_.Erase(message); }
  void Lose() noexcept;
  Share& ShareOf(Origin origin) noexcept { return shares_[static_cast<std::size_t>(origin)]; }
  const Share& ShareOf(Origin origin) const noexcept { return shares_[static_cast<std::size_t>(origin)]; }

  const SendLimits limits_;
  Fifo<Outgoing> queue_;
  Fifo<Waiting> waiters_;
  std::size_t waiting_bytes_ = 0;
  Share total_, callbacks_, shares_[3];  // what is queued or taken and unsent
  std::uint64_t dropped_ = 0;
  bool was_full_ = false, losing_ = false, unreported_loss_ = false;
};

template <class Waiter>
Admission SendQueue<Waiter>::Emit(Outgoing message) {
  const std::size_t size = message.Size();
  if (size > limits_.max_bytes) return Admission::TooLarge;
  if (!EmitFits(size)) {
    was_full_ = true;
    if (limits_.overflow != Overflow::DropOldest || !DropFor(size)) {
      Lose();
      return limits_.overflow == Overflow::Close ? Admission::Overflowed : Admission::Full;
    }
  }
  message.origin = Origin::Emit;
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
  message.origin = Origin::Emit;
  Append(std::move(message));
  return Admission::Queued;
}

template <class Waiter>
Admission SendQueue<Waiter>::EmitIfRoom(const Outgoing& message) {
  if (message.Size() > limits_.max_bytes) return Admission::TooLarge;
  if (!waiters_.IsEmpty() || !WaitingFits(message.Size())) return Admission::Waiting;
  Outgoing copy = message;
  copy.origin = Origin::Waiting;
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
    Lose();
    return Admission::Full;
  }
  message.origin = Origin::Waiting;
  waiters_.Push({id, std::move(message), std::move(waiter)});
  waiting_bytes_ += size;
  return Admission::Waiting;
}

template <class Waiter>
Admission SendQueue<Waiter>::Ask(Outgoing message) {
  if (message.Size() > limits_.max_bytes) return Admission::TooLarge;
  if (!EmitFits(message.Size())) {
    was_full_ = true;
    Lose();
    return Admission::Full;
  }
  Push(std::move(message));
  return Admission::Queued;
}

template <class Waiter>
void SendQueue<Waiter>::Push(Outgoing message) {
  message.origin = Origin::Protocol;
  Append(std::move(message));
}

template <class Waiter>
void SendQueue<Waiter>::Take(std::vector<Outgoing>& batch, std::size_t max_messages, std::size_t max_bytes) {
  std::size_t bytes = 0;
  while (!queue_.IsEmpty() && batch.size() < max_messages) {
    const std::size_t size = queue_.Front().Size();
    if (!batch.empty() && bytes + size > max_bytes) return;
    bytes += size;
    batch.push_back(queue_.Take());
  }
}

template <class Waiter>
void SendQueue<Waiter>::Sent(std::vector<Outgoing>& batch) {
  for (const Outgoing& message : batch) Forget(message);
  batch.clear();
}

template <class Waiter>
auto SendQueue<Waiter>::Admit() -> std::optional<Admitted> {
  if (waiters_.IsEmpty() || !WaitingFits(waiters_.Front().message.Size())) return std::nullopt;
  Waiting first = waiters_.Take();
  waiting_bytes_ -= first.message.Size();
  Append(std::move(first.message));
  return Admitted{first.id, std::move(first.waiter)};
}

template <class Waiter>
std::optional<Waiter> SendQueue<Waiter>::Withdraw(std::uint64_t id) {
  const auto found = std::find_if(waiters_.begin(), waiters_.end(), [id](const Waiting& one) { return one.id == id; });
  if (found == waiters_.end()) return std::nullopt;
  std::optional<Waiter> waiter(std::move(found->waiter));
  waiting_bytes_ -= found->message.Size();
  waiters_.Erase(found);
  return waiter;
}

template <class Waiter>
std::optional<Waiter> SendQueue<Waiter>::WithdrawFirst() {
  return waiters_.IsEmpty() ? std::nullopt : Withdraw(waiters_.Front().id);
}

template <class Waiter>
bool SendQueue<Waiter>::Recall(const FramePtr& frame) {
  const auto found =
      std::find_if(queue_.begin(), queue_.end(), [&](const Outgoing& one) { return one.frame == frame; });
  if (found == queue_.end()) return false;
  Drop(found);
  return true;
}

template <class Waiter>
void SendQueue<Waiter>::Clear() {
  for (const Outgoing& message : queue_) Forget(message);
  queue_.Clear();
}

template <class Waiter>
bool SendQueue<Waiter>::TakeDrained() noexcept {
  const bool quarter = total_.messages <= limits_.max_messages / 4 && total_.bytes <= limits_.max_bytes / 4;
  if (!was_full_ || !quarter || !waiters_.IsEmpty()) return false;
  was_full_ = losing_ = false;
  return true;
}

// While somebody waits, Emit has half of the queue, and one message at least: so neither shuts the other out.
template <class Waiter>
bool SendQueue<Waiter>::EmitFits(std::size_t size, const Share& total, const Share& mine) const noexcept {
  if (total.messages == 0) return true;
  if (!total.Fits(size, limits_.max_messages, limits_.max_bytes)) return false;
  return waiters_.IsEmpty() || mine.messages == 0 || mine.Fits(size, limits_.max_messages / 2, limits_.max_bytes / 2);
}

// Its half always admits one message, so that a large one does not wait for a queue that never empties.
template <class Waiter>
bool SendQueue<Waiter>::WaitingFits(std::size_t size) const noexcept {
  if (total_.messages == 0) return true;
  const Share& mine = ShareOf(Origin::Waiting);
  if (mine.messages == 0) return total_.messages < limits_.max_messages && total_.bytes < limits_.max_bytes;
  return total_.Fits(size, limits_.max_messages, limits_.max_bytes) &&
         mine.Fits(size, limits_.max_messages / 2, limits_.max_bytes / 2);
}

// Drops Emit's oldest until `size` fits; nothing where not even all of them would make room.
template <class Waiter>
bool SendQueue<Waiter>::DropFor(std::size_t size) {
  const auto is_emit = [](const Outgoing& one) { return one.origin == Origin::Emit; };
  Share total = total_, mine = ShareOf(Origin::Emit);
  for (auto one = queue_.begin(); !EmitFits(size, total, mine); ++one) {
    one = std::find_if(one, queue_.end(), is_emit);
    if (one == queue_.end()) return false;
    total.Remove(one->Size());
    mine.Remove(one->Size());
  }
  while (!EmitFits(size)) {
    Drop(std::find_if(queue_.begin(), queue_.end(), is_emit));
    Lose();
  }
  return true;
}

template <class Waiter>
void SendQueue<Waiter>::Append(Outgoing message) {
  queue_.Push(std::move(message));  // may find no memory
  const Outgoing& last = queue_.Back();
  total_.Add(last.Size());
  ShareOf(last.origin).Add(last.Size());
  if (last.from_callback) callbacks_.Add(last.Size());
}

template <class Waiter>
void SendQueue<Waiter>::Forget(const Outgoing& message) noexcept {
  const std::size_t size = message.Size();
  total_.Remove(size);
  ShareOf(message.origin).Remove(size);
  if (message.from_callback) callbacks_.Remove(size);
}

template <class Waiter>
void SendQueue<Waiter>::Lose() noexcept {
  ++dropped_;
  if (!losing_) unreported_loss_ = true;
  losing_ = true;
}

}  // namespace ws::protocol
