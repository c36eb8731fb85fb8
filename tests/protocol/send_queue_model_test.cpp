// Compares the send queue with a simple model of it, in random steps.
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

class RandomSteps final {
 public:
  RandomSteps(const SendLimits& limits, unsigned seed)
      : limits_(limits), queue_(limits), model_(limits), random_(seed) {}

  // Applies one random step to both. Returns false if they differ or an invariant is violated.
  bool Step() {
    const std::size_t kind = Below(16);
    const bool agreed = kind < 9 ? Queue(kind) : kind < 13 ? PopBatch() : kind < 15 ? CompleteBatch() : Remove();
    return agreed && AdmitAll() && CountsAgree() && LimitsHold() && DrainedAgrees();
  }

  // Sends all remaining messages. Returns false if a message was lost or sent twice.
  bool Finish() {
    while (!model_.queue.empty() || !model_.taken.empty() || !model_.waiting.empty()) {
      const bool agreed = model_.taken.empty() ? PopBatch() : CompleteBatch();
      if (!agreed || !AdmitAll()) return false;
    }
    return !queue_.HasMore() && queue_.Messages() == 0 && queue_.Bytes() == 0 && !queue_.CancelFirstWaiter() &&
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
    const SendQueueModel::Item item{++last_name_, Size(), MessageSource::Emit, Below(3) == 0};
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
      actual = queue_.EmitRequest(std::move(message));
    } else {
      model_.Push(item);
      queue_.PushProtocol(std::move(message));
    }
    if (actual == Admission::Queued) {
      ++admitted_;
      dropped_after_admission_ += queued + 1 - model_.queue.size();
    }
    const bool had_room = actual == Admission::TooLarge || (actual == Admission::Queued && model_.dropped == dropped);
    was_full_ = was_full_ || (!had_room && !is_volatile);
    return actual == expected;
  }

  bool PopBatch() {
    if (!batch_.empty()) return true;
    const std::size_t max_messages = 1 + Below(limits_.max_messages + 2);
    const std::size_t max_bytes = Below(limits_.max_bytes + 1);
    queue_.PopBatch(batch_, max_messages, max_bytes);
    std::size_t bytes = 0;
    for (const Outgoing& message : batch_) bytes += message.Size();
    if (batch_.size() > max_messages || (batch_.size() > 1 && bytes > max_bytes)) return false;
    if (batch_.empty() != model_.queue.empty() || batch_.size() > model_.queue.size()) return false;
    model_.Take(batch_.size());
    return std::equal(batch_.begin(), batch_.end(), model_.taken.begin(), model_.taken.end(),
                      [](const Outgoing& one, const SendQueueModel::Item& other) {
                        return ws::test::NameOf(one) == std::to_string(other.name) && one.source == other.source;
                      });
  }

  // Completes the batch. Returns false if messages of one source were sent out of order, or a message was sent twice.
  bool CompleteBatch() {
    for (const SendQueueModel::Item& item : model_.taken) {
      int& last = last_sent_[static_cast<std::size_t>(item.source)];
      if (item.name <= last || !delivered_.insert(item.name).second) return false;
      last = item.name;
    }
    model_.taken.clear();
    queue_.CompleteBatch(batch_);
    return batch_.empty();
  }

  // Removes messages or a waiter. Rare, so that the queue can fill up.
  bool Remove() {
    if (Below(8) == 0) {
      dropped_after_admission_ += model_.queue.size();
      model_.queue.clear();
      queue_.Clear();
      return true;
    }
    if (!model_.queue.empty() && Below(2) == 0) {
      const auto removed = model_.queue.begin() + static_cast<std::ptrdiff_t>(Below(model_.queue.size()));
      const FramePtr frame = frames_.at(removed->name);
      model_.queue.erase(removed);
      ++dropped_after_admission_;
      return queue_.Remove(frame) && !queue_.Remove(frame);
    }
    const int name = model_.waiting.empty() ? last_name_ : model_.waiting[Below(model_.waiting.size())].name;
    const bool expected = std::erase_if(model_.waiting, [name](const auto& one) { return one.name == name; }) != 0;
    const auto cancelled = queue_.CancelWaiter(static_cast<std::uint64_t>(name));
    return cancelled.has_value() == expected && (!cancelled || *cancelled == name);
  }

  bool AdmitAll() {
    for (;;) {
      const auto expected = model_.Admit();
      const auto actual = queue_.AdmitWaiter();
      if (expected.has_value() != actual.has_value()) return false;
      if (!actual) return true;
      ++admitted_;
      if (actual->waiter != *expected || actual->id != static_cast<std::uint64_t>(*expected)) return false;
    }
  }

  bool CountsAgree() const {
    const auto all = model_.Count(), own = model_.Count(std::nullopt, true),
               protocol = model_.Count(MessageSource::Protocol);
    const bool over = all.messages > limits_.max_messages || all.bytes > limits_.max_bytes;
    const bool holds = own.messages > limits_.max_messages / 4 || own.bytes > limits_.max_bytes / 4;
    return queue_.Messages() == all.messages && queue_.Bytes() == all.bytes && queue_.Dropped() == model_.dropped &&
           queue_.HasMore() == !model_.queue.empty() && queue_.IsCongested() == (over && protocol.messages > 0) &&
           queue_.ShouldHoldCallbacks() == holds;
  }

  bool LimitsHold() const {
    const auto emitted = model_.Count(MessageSource::Emit), waited = model_.Count(MessageSource::EmitAsync);
    std::size_t waiting = 0;
    for (const auto& one : model_.waiting) waiting += one.size;
    const std::size_t messages = std::max<std::size_t>(limits_.max_messages, 1);
    return emitted.bytes <= limits_.max_bytes && emitted.bytes + waited.bytes <= 2 * limits_.max_bytes &&
           emitted.messages + waited.messages <= messages && waiting <= limits_.max_bytes &&
           model_.waiting.size() <= limits_.max_waiters;
  }

  bool DrainedAgrees() {
    const auto all = model_.Count();
    const bool expected = was_full_ && model_.waiting.empty() && all.messages <= limits_.max_messages / 4 &&
                          all.bytes <= limits_.max_bytes / 4;
    if (expected) was_full_ = false;
    return queue_.ConsumeDrained() == expected && !queue_.ConsumeDrained();
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

TEST_CASE("The send queue behaves like its model in 120,000 random steps") {
  constexpr int step_count = 10'000;
  for (const Overflow overflow : {Overflow::Refuse, Overflow::DropOldest, Overflow::Close}) {
    unsigned seed = 1;
    for (const SendLimits& limits : {SendLimits{16, 2000, overflow, 6}, SendLimits{4, 1000, overflow, 3},
                                     SendLimits{1, 100, overflow, 2}, SendLimits{64, 1500, overflow, 64}}) {
      INFO("policy " << static_cast<int>(overflow) << ", " << limits.max_messages << " messages");
      RandomSteps steps(limits, seed++);
      for (int step = 0; step < step_count; ++step) {
        if (!steps.Step()) FAIL("step " << step);
      }
      CHECK(steps.Finish());
      // The comparison is meaningful only if many messages are delivered and many are dropped.
      CHECK(steps.Delivered() > step_count / 20);
      CHECK(steps.Dropped() > step_count / 40);
    }
  }
}
