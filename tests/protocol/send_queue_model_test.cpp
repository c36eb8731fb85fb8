// The send queue against a plain model of it, over random steps.
#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/outgoing.hpp"
#include "support/send_queue_model.hpp"

using namespace ws::protocol;
using ws::Overflow;
using ws::test::MakeOutgoing;
using ws::test::SendQueueModel;

namespace {

class Walk final {
 public:
  Walk(const SendLimits& limits, unsigned seed) : limits_(limits), queue_(limits), model_(limits), random_(seed) {}

  /// One random step on both; false where they differ or an invariant is broken.
  bool Step() {
    const std::size_t kind = Below(16);
    const bool agreed = kind < 9 ? Queue(kind) : kind < 13 ? Take() : kind < 15 ? Sent() : Rare();
    return agreed && AdmitAll() && FiguresAgree() && BoundsHold() && Drained();
  }

  /// Sends all that is left: nothing was lost and nothing came twice.
  bool Finish() {
    while (!model_.queue.empty() || !model_.taken.empty() || !model_.waiting.empty()) {
      const bool agreed = model_.taken.empty() ? Take() : Sent();
      if (!agreed || !AdmitAll()) return false;
    }
    return !queue_.HasMore() && queue_.Messages() == 0 && queue_.Bytes() == 0 && !queue_.WithdrawFirst() &&
           delivered_.size() + dropped_after_admission_ == admitted_;
  }

  std::size_t Delivered() const { return delivered_.size(); }
  std::uint64_t Dropped() const { return queue_.Dropped(); }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }

  std::size_t Size() {
    const std::size_t kind = Below(20);
    if (kind == 0) return limits_.max_bytes + 8 - Below(16);
    return 8 + Below(kind < 4 ? limits_.max_bytes / 2 : limits_.max_bytes / 8 + 1);
  }

  bool Queue(std::size_t kind) {
    const SendQueueModel::Item item{++last_name_, Size(), Origin::Emit, Below(3) == 0};
    Outgoing message = MakeOutgoing(std::to_string(item.name), item.size, item.from_callback);
    frames_[item.name] = message.frame;
    const std::size_t queued = model_.queue.size();
    const bool is_volatile = kind == 7 && Below(2) == 0;
    const std::size_t dropped = model_.dropped;
    Admission expected = Admission::Queued, actual = Admission::Queued;
    if (kind < 4) {
      expected = model_.Emit(item);
      actual = queue_.Emit(std::move(message));
    } else if (kind < 7) {
      expected = model_.EmitWhenRoom(item);
      int waiter = item.name;
      actual = queue_.EmitWhenRoom(std::move(message), waiter, static_cast<std::uint64_t>(item.name));
    } else if (is_volatile) {
      expected = model_.EmitVolatile(item);
      actual = queue_.EmitVolatile(std::move(message));
    } else if (kind == 7) {
      expected = model_.Ask(item);
      actual = queue_.Ask(std::move(message));
    } else {
      model_.Push(item);
      queue_.Push(std::move(message));
    }
    if (actual == Admission::Queued) {
      ++admitted_;
      dropped_after_admission_ += queued + 1 - model_.queue.size();
    }
    const bool had_room = actual == Admission::TooLarge || (actual == Admission::Queued && model_.dropped == dropped);
    was_full_ = was_full_ || (!had_room && !is_volatile);
    return actual == expected;
  }

  bool Take() {
    if (!batch_.empty()) return true;
    const std::size_t max_messages = 1 + Below(limits_.max_messages + 2);
    const std::size_t max_bytes = Below(limits_.max_bytes + 1);
    queue_.Take(batch_, max_messages, max_bytes);
    std::size_t bytes = 0;
    for (const Outgoing& message : batch_) bytes += message.Size();
    if (batch_.size() > max_messages || (batch_.size() > 1 && bytes > max_bytes)) return false;
    if (batch_.empty() != model_.queue.empty() || batch_.size() > model_.queue.size()) return false;
    model_.Take(batch_.size());
    return std::equal(batch_.begin(), batch_.end(), model_.taken.begin(), model_.taken.end(),
                      [](const Outgoing& one, const SendQueueModel::Item& other) {
                        return ws::test::NameOf(one) == std::to_string(other.name) && one.origin == other.origin;
                      });
  }

  /// Whoever was queued first among those of one origin leaves first, and nobody twice.
  bool Sent() {
    for (const SendQueueModel::Item& item : model_.taken) {
      int& last = last_sent_[static_cast<std::size_t>(item.origin)];
      if (item.name <= last || !delivered_.insert(item.name).second) return false;
      last = item.name;
    }
    model_.taken.clear();
    queue_.Sent(batch_);
    return batch_.empty();
  }

  bool Rare() {
    if (Below(8) == 0) {
      dropped_after_admission_ += model_.queue.size();
      model_.queue.clear();
      queue_.Clear();
      return true;
    }
    if (!model_.queue.empty() && Below(2) == 0) {
      const auto recalled = model_.queue.begin() + static_cast<std::ptrdiff_t>(Below(model_.queue.size()));
      const FramePtr frame = frames_.at(recalled->name);
      model_.queue.erase(recalled);
      ++dropped_after_admission_;
      return queue_.Recall(frame) && !queue_.Recall(frame);
    }
    const int name = model_.waiting.empty() ? last_name_ : model_.waiting[Below(model_.waiting.size())].name;
    const bool expected = std::erase_if(model_.waiting, [name](const auto& one) { return one.name == name; }) != 0;
    const auto withdrawn = queue_.Withdraw(static_cast<std::uint64_t>(name));
    return withdrawn.has_value() == expected && (!withdrawn || *withdrawn == name);
  }

  bool AdmitAll() {
    for (;;) {
      const auto expected = model_.Admit();
      const auto actual = queue_.Admit();
      if (expected.has_value() != actual.has_value()) return false;
      if (!actual) return true;
      ++admitted_;
      if (actual->waiter != *expected || actual->id != static_cast<std::uint64_t>(*expected)) return false;
    }
  }

  bool FiguresAgree() const {
    const auto all = model_.Count(), own = model_.Count(std::nullopt, true), protocol = model_.Count(Origin::Protocol);
    const bool over = all.messages > limits_.max_messages || all.bytes > limits_.max_bytes;
    const bool holds = own.messages > limits_.max_messages / 4 || own.bytes > limits_.max_bytes / 4;
    return queue_.Messages() == all.messages && queue_.Bytes() == all.bytes && queue_.Dropped() == model_.dropped &&
           queue_.HasMore() == !model_.queue.empty() && queue_.IsCongested() == (over && protocol.messages > 0) &&
           queue_.HoldsCallbacks() == holds;
  }

  bool BoundsHold() const {
    const auto emitted = model_.Count(Origin::Emit), waited = model_.Count(Origin::Waiting);
    std::size_t waiting = 0;
    for (const auto& one : model_.waiting) waiting += one.size;
    const std::size_t messages = std::max<std::size_t>(limits_.max_messages, 1);
    return emitted.bytes <= limits_.max_bytes && emitted.bytes + waited.bytes <= 2 * limits_.max_bytes &&
           emitted.messages + waited.messages <= messages && waiting <= limits_.max_bytes &&
           model_.waiting.size() <= limits_.max_waiters;
  }

  bool Drained() {
    const auto all = model_.Count();
    const bool expected = was_full_ && model_.waiting.empty() && all.messages <= limits_.max_messages / 4 &&
                          all.bytes <= limits_.max_bytes / 4;
    if (expected) was_full_ = false;
    return queue_.TakeDrained() == expected && !queue_.TakeDrained();
  }

  const SendLimits limits_;
  SendQueue<int> queue_;
  SendQueueModel model_;
  std::mt19937 random_;
  std::vector<Outgoing> batch_;
  std::set<int> delivered_;
  std::array<int, 3> last_sent_{};
  int last_name_ = 0;
  std::map<int, FramePtr> frames_;  // by name
  std::size_t admitted_ = 0;
  std::size_t dropped_after_admission_ = 0;
  bool was_full_ = false;
};

}  // namespace

TEST_CASE("The send queue does what its model does over 120,000 random steps") {
  constexpr int steps = 10'000;
  for (const Overflow overflow : {Overflow::Refuse, Overflow::DropOldest, Overflow::Close}) {
    unsigned seed = 1;
    for (const SendLimits& limits : {SendLimits{16, 2000, overflow, 6}, SendLimits{4, 1000, overflow, 3},
                                     SendLimits{1, 100, overflow, 2}, SendLimits{64, 1500, overflow, 64}}) {
      INFO("policy " << static_cast<int>(overflow) << ", " << limits.max_messages << " messages");
      Walk walk(limits, seed++);
      for (int step = 0; step < steps; ++step) {
        if (!walk.Step()) FAIL("step " << step);
      }
      CHECK(walk.Finish());
      // Neither losing nor delivering may be rare, or the comparison says little.
      CHECK(walk.Delivered() > steps / 20);
      CHECK(walk.Dropped() > steps / 40);
    }
  }
}
