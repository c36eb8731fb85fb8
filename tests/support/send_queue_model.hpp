// A slow but simple implementation of the send queue of protocol.md 5: every sum is counted again at each call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "ws/detail/protocol/send_queue.hpp"

namespace ws::test {

class SendQueueModel final {
 public:
  using Admission = protocol::Admission;
  using MessageSource = protocol::MessageSource;

  struct Item {
    int name;
    std::size_t size;
    MessageSource source;
    bool from_callback;
  };
  struct Sum {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  explicit SendQueueModel(const protocol::SendLimits& limits) : limits_(limits) {}

  Admission Emit(Item item) {
    if (item.size > limits_.max_bytes) return Admission::TooLarge;
    const std::vector<Item> before = queue;
    while (!EmitFits(item.size)) {
      const auto oldest =
          std::find_if(queue.begin(), queue.end(), [](const Item& one) { return one.source == MessageSource::Emit; });
      if (limits_.overflow != Overflow::DropOldest || oldest == queue.end()) {
        queue = before;
        ++dropped;
        return limits_.overflow == Overflow::Close ? Admission::Overflowed : Admission::Full;
      }
      queue.erase(oldest);
    }
    dropped += before.size() - queue.size();
    item.source = MessageSource::Emit;
    queue.push_back(item);
    return Admission::Queued;
  }

  Admission EmitVolatile(Item item) {
    if (item.size > limits_.max_bytes) return Admission::TooLarge;
    const Sum all = Count();
    const std::size_t messages = std::max<std::size_t>(limits_.max_messages / 4, 1);
    if (all.messages > 0 && (all.messages + 1 > messages || all.bytes + item.size > limits_.max_bytes / 4)) {
      ++dropped;
      return Admission::Full;
    }
    item.source = MessageSource::Emit;
    queue.push_back(item);
    return Admission::Queued;
  }

  Admission EmitWhenRoom(Item item) {
    if (item.size > limits_.max_bytes) return Admission::TooLarge;
    item.source = MessageSource::EmitAsync;
    if (waiting.empty() && WaitingFits(item.size)) {
      queue.push_back(item);
      return Admission::Queued;
    }
    std::size_t bytes = item.size;
    for (const Item& one : waiting) bytes += one.size;
    if (waiting.size() + 1 > limits_.max_waiters || bytes > limits_.max_bytes) {
      ++dropped;
      return Admission::Full;
    }
    waiting.push_back(item);
    return Admission::Waiting;
  }

  Admission Ask(Item item) {
    if (item.size > limits_.max_bytes) return Admission::TooLarge;
    if (!EmitFits(item.size)) {
      ++dropped;
      return Admission::Full;
    }
    Push(item);
    return Admission::Queued;
  }

  void Push(Item item) {
    item.source = MessageSource::Protocol;
    queue.push_back(item);
  }

  std::optional<int> Admit() {
    if (waiting.empty() || !WaitingFits(waiting.front().size)) return std::nullopt;
    queue.push_back(waiting.front());
    waiting.erase(waiting.begin());
    return queue.back().name;
  }

  /// Moves `count` messages from the front of the queue to `taken`.
  void Take(std::size_t count) {
    const auto end = queue.begin() + static_cast<std::ptrdiff_t>(count);
    taken.insert(taken.end(), queue.begin(), end);
    queue.erase(queue.begin(), end);
  }

  Sum Count(std::optional<MessageSource> source = std::nullopt, bool callbacks_only = false) const {
    Sum sum;
    for (const auto* part : {&taken, &queue}) {
      for (const Item& item : *part) {
        if ((source && item.source != *source) || (callbacks_only && !item.from_callback)) continue;
        ++sum.messages;
        sum.bytes += item.size;
      }
    }
    return sum;
  }

  std::vector<Item> queue, taken, waiting;
  std::size_t dropped = 0;

 private:
  bool EmitFits(std::size_t size) const {
    const Sum all = Count(), mine = Count(MessageSource::Emit);
    if (all.messages == 0) return true;
    if (all.messages + 1 > limits_.max_messages || all.bytes + size > limits_.max_bytes) return false;
    if (waiting.empty() || mine.messages == 0) return true;
    return mine.messages + 1 <= limits_.max_messages / 2 && mine.bytes + size <= limits_.max_bytes / 2;
  }
  bool WaitingFits(std::size_t size) const {
    const Sum all = Count(), mine = Count(MessageSource::EmitAsync);
    if (all.messages == 0) return true;
    if (mine.messages == 0) return all.messages < limits_.max_messages && all.bytes < limits_.max_bytes;
    return all.messages + 1 <= limits_.max_messages && all.bytes + size <= limits_.max_bytes &&
           mine.messages + 1 <= limits_.max_messages / 2 && mine.bytes + size <= limits_.max_bytes / 2;
  }

  const protocol::SendLimits limits_;
};

}  // namespace ws::test
