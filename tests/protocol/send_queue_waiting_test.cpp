// Callers that wait for room in the send queue.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/outgoing.hpp"
#include "ws/detail/protocol/send_queue.hpp"

using namespace ws::protocol;
using ws::Overflow;
using ws::test::MakeOutgoing;
using ws::test::Send;

namespace {

// Move-only, like a completion handler.
using Waiter = std::unique_ptr<int>;
using WaitQueue = SendQueue<Waiter>;

const SendLimits limits{8, 800, Overflow::Refuse, 4};

void Fill(WaitQueue& queue, int count = 8, std::size_t size = 10) {
  for (int i = 0; i < count; ++i) REQUIRE(queue.Emit(MakeOutgoing("e", size)) == Admission::Queued);
}

Admission Wait(WaitQueue& queue, int id, std::size_t size = 10) {
  Waiter waiter = std::make_unique<int>(id);
  const Admission admission =
      queue.EmitWhenRoom(MakeOutgoing("w" + std::to_string(id), size), waiter, static_cast<std::uint64_t>(id));
  // The queue moves from the waiter only if the caller must wait.
  CHECK((waiter == nullptr) == (admission == Admission::Waiting));
  return admission;
}

// Admits all waiters that fit now. Returns their ids.
std::vector<int> AdmitAll(WaitQueue& queue) {
  std::vector<int> ids;
  while (auto admitted = queue.AdmitWaiter()) {
    CHECK(admitted->id == static_cast<std::uint64_t>(*admitted->waiter));
    ids.push_back(*admitted->waiter);
  }
  return ids;
}

}  // namespace

TEST_CASE("If there is room, no caller waits") {
  WaitQueue queue(limits);
  CHECK(Wait(queue, 1) == Admission::Queued);
  CHECK(queue.EmitIfRoom(MakeOutgoing("2", 10)) == Admission::Queued);
  CHECK(Send(queue) == "w1 2");
  CHECK(AdmitAll(queue).empty());
}

TEST_CASE("EmitAsync fills at most half of the queue") {
  WaitQueue queue(limits);
  for (int id = 1; id <= 4; ++id) CHECK(Wait(queue, id) == Admission::Queued);
  CHECK(Wait(queue, 5) == Admission::Waiting);
  CHECK(queue.EmitIfRoom(MakeOutgoing("6", 10)) == Admission::Waiting);
  CHECK(AdmitAll(queue).empty());
  CHECK(queue.Messages() == 4);

  WaitQueue by_bytes(limits);
  CHECK(Wait(by_bytes, 1, 250) == Admission::Queued);
  CHECK(Wait(by_bytes, 2, 150) == Admission::Queued);
  CHECK(Wait(by_bytes, 3, 1) == Admission::Waiting);
}

TEST_CASE("While a caller waits, Emit may fill the other half") {
  WaitQueue queue(limits);
  for (int id = 1; id <= 5; ++id) Wait(queue, id);
  Fill(queue, 4);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);

  WaitQueue half_full(limits);
  Fill(half_full, 2);
  for (int id = 1; id <= 5; ++id) Wait(half_full, id);
  Fill(half_full, 2);
  CHECK(half_full.Messages() == 8);
  CHECK(Send(half_full, 1) == "e");
  Fill(half_full, 1);
  CHECK(Send(half_full, 2) == "e w1");
  CHECK(AdmitAll(half_full) == std::vector{5});
  CHECK(half_full.Messages() == 7);
}

TEST_CASE("Emit may not use the room that a waiting caller needs") {
  WaitQueue queue(limits);
  Fill(queue);
  REQUIRE(Wait(queue, 1) == Admission::Waiting);
  Send(queue, 1);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  CHECK(AdmitAll(queue) == std::vector{1});
  Send(queue, 1);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Queued);
}

TEST_CASE("While a caller waits, Emit's half admits one message of any size that fits into the queue") {
  WaitQueue queue(limits);
  REQUIRE(Wait(queue, 1, 300) == Admission::Queued);
  REQUIRE(Wait(queue, 2, 300) == Admission::Waiting);
  CHECK(queue.Emit(MakeOutgoing("large", 500)) == Admission::Queued);
  CHECK(queue.Emit(MakeOutgoing("", 1)) == Admission::Full);
}

TEST_CASE("A large message of EmitAsync need not wait until the queue is empty") {
  WaitQueue queue(limits);
  Fill(queue, 2, 395);
  CHECK(Wait(queue, 1, 800) == Admission::Queued);
  CHECK(queue.Bytes() == 1590);
  CHECK(Wait(queue, 2, 800) == Admission::Waiting);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  Send(queue, 2);
  CHECK(AdmitAll(queue).empty());
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{2});
}

TEST_CASE("Waiting callers are admitted first come, first served") {
  WaitQueue queue(limits);
  Fill(queue);
  REQUIRE(Wait(queue, 1, 390) == Admission::Waiting);
  REQUIRE(Wait(queue, 2, 300) == Admission::Waiting);
  REQUIRE(Wait(queue, 3, 2) == Admission::Waiting);
  CHECK(AdmitAll(queue).empty());
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{1});
  // There is room for the third waiter and for a new message, but neither may overtake the second waiter.
  CHECK(queue.EmitIfRoom(MakeOutgoing("new", 1)) == Admission::Waiting);
  CHECK(AdmitAll(queue).empty());
  CHECK(Send(queue) == "e e e e e e e w1");
  CHECK(AdmitAll(queue) == std::vector{2, 3});
  CHECK(Send(queue) == "w2 w3");
}

TEST_CASE("A cancelled waiter is returned once and no longer counts") {
  WaitQueue queue(limits);
  Fill(queue);
  for (int id = 1; id <= 4; ++id) REQUIRE(Wait(queue, id, 200) == Admission::Waiting);
  REQUIRE(Wait(queue, 5, 1) == Admission::Full);
  std::optional<Waiter> second = queue.CancelWaiter(2);
  REQUIRE(second);
  CHECK(**second == 2);
  CHECK_FALSE(queue.CancelWaiter(2));
  CHECK_FALSE(queue.CancelWaiter(99));
  REQUIRE(Wait(queue, 6, 200) == Admission::Waiting);
  Send(queue);
  CHECK(AdmitAll(queue) == std::vector{1, 3});
  CHECK_FALSE(queue.CancelWaiter(1));
  CHECK(Send(queue) == "w1 w3");
  CHECK(AdmitAll(queue) == std::vector{4, 6});
}

TEST_CASE("CancelFirstWaiter returns all waiters in order") {
  WaitQueue queue(limits);
  Fill(queue);
  for (int id = 1; id <= 3; ++id) REQUIRE(Wait(queue, id) == Admission::Waiting);
  queue.Clear();
  std::vector<int> ids;
  while (auto waiter = queue.CancelFirstWaiter()) ids.push_back(**waiter);
  CHECK(ids == std::vector{1, 2, 3});
  CHECK(AdmitAll(queue).empty());
  CHECK(queue.Messages() == 0);
}

TEST_CASE("By default 1,024 callers can wait, and the next one is refused") {
  SendLimits wide;
  wide.max_messages = 1;
  WaitQueue queue(wide);
  Fill(queue, 1);
  for (int id = 1; id <= 1024; ++id) REQUIRE(Wait(queue, id) == Admission::Waiting);
  CHECK(queue.Dropped() == 0);
  CHECK(Wait(queue, 2000) == Admission::Full);
  CHECK(queue.Dropped() == 1);
  REQUIRE(queue.CancelWaiter(7));
  CHECK(Wait(queue, 2000) == Admission::Waiting);
}

TEST_CASE("The waiting messages may have as many bytes as the queue") {
  WaitQueue queue(limits);
  Fill(queue);
  REQUIRE(Wait(queue, 1, 500) == Admission::Waiting);
  CHECK(Wait(queue, 2, 301) == Admission::Full);
  CHECK(queue.ConsumeFirstLoss());
  CHECK(Wait(queue, 3, 300) == Admission::Waiting);
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{1});
  CHECK(Wait(queue, 4, 500) == Admission::Waiting);
}

TEST_CASE("A queue does not report drained while a caller waits") {
  WaitQueue queue(limits);
  for (int id = 1; id <= 5; ++id) Wait(queue, id, 200);
  Send(queue, 1);
  CHECK_FALSE(queue.ConsumeDrained());
  CHECK(AdmitAll(queue) == std::vector{3});
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{4});
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{5});
  CHECK_FALSE(queue.ConsumeDrained());
  Send(queue, 1);
  CHECK(queue.ConsumeDrained());
  CHECK_FALSE(queue.ConsumeDrained());
}

TEST_CASE("A queue that refused a waiter reports drained too") {
  WaitQueue queue({8, 800, Overflow::Refuse, 0});
  Fill(queue);
  REQUIRE(Wait(queue, 1) == Admission::Full);
  Send(queue);
  CHECK(queue.ConsumeDrained());
}

TEST_CASE("Messages of EmitAsync are never dropped, neither while they wait nor after they were admitted") {
  WaitQueue queue({8, 800, Overflow::DropOldest, 4});
  for (int id = 1; id <= 5; ++id) Wait(queue, id);
  Fill(queue, 10);
  CHECK(queue.Dropped() == 6);
  CHECK(Send(queue, 1) == "w1");
  CHECK(AdmitAll(queue) == std::vector{5});
  Fill(queue, 10);
  CHECK(queue.Dropped() == 16);
  CHECK(Send(queue) == "w2 w3 w4 w5 e e e e");
}

TEST_CASE("A waiting message from a callback counts as a callback's message when it has been queued") {
  WaitQueue queue(limits);
  Fill(queue);
  std::vector<Waiter> waiters;
  for (int id = 1; id <= 3; ++id) {
    Waiter waiter = std::make_unique<int>(id);
    REQUIRE(queue.EmitWhenRoom(MakeOutgoing("own", 10, true), waiter, static_cast<std::uint64_t>(id)) ==
            Admission::Waiting);
  }
  CHECK_FALSE(queue.ShouldHoldCallbacks());
  Send(queue);
  CHECK(AdmitAll(queue) == std::vector{1, 2, 3});
  CHECK(queue.ShouldHoldCallbacks());
}
