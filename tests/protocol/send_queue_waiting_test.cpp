// Those who wait for room in the send queue.
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

// Move-only, as a completion handler is.
using Waiter = std::unique_ptr<int>;
using WaitQueue = SendQueue<Waiter>;

const SendLimits limits{8, 800, Overflow::Refuse, 4};

void FillAlike(WaitQueue& queue, int count = 8, std::size_t size = 10) {
  for (int i = 0; i < count; ++i) REQUIRE(queue.Emit(MakeOutgoing("e", size)) == Admission::Queued);
}

Admission Wait(WaitQueue& queue, int id, std::size_t size = 10) {
  Waiter waiter = std::make_unique<int>(id);
  const Admission admission =
      queue.EmitWhenRoom(MakeOutgoing("w" + std::to_string(id), size), waiter, static_cast<std::uint64_t>(id));
  // The waiter is taken where it has to wait, and only there.
  CHECK((waiter == nullptr) == (admission == Admission::Waiting));
  return admission;
}

/// The ids of all that can be admitted now.
std::vector<int> AdmitAll(WaitQueue& queue) {
  std::vector<int> ids;
  while (auto admitted = queue.Admit()) {
    CHECK(admitted->id == static_cast<std::uint64_t>(*admitted->waiter));
    ids.push_back(*admitted->waiter);
  }
  return ids;
}

}  // namespace

TEST_CASE("Where there is room nobody waits") {
  WaitQueue queue(limits);
  CHECK(Wait(queue, 1) == Admission::Queued);
  CHECK(queue.EmitIfRoom(MakeOutgoing("2", 10)) == Admission::Queued);
  CHECK(Send(queue) == "w1 2");
  CHECK(AdmitAll(queue).empty());
}

TEST_CASE("EmitAsync fills half of the queue at most") {
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

TEST_CASE("While one waits, Emit has the other half") {
  WaitQueue queue(limits);
  for (int id = 1; id <= 5; ++id) Wait(queue, id);
  FillAlike(queue, 4);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);

  WaitQueue half_full(limits);
  FillAlike(half_full, 2);
  for (int id = 1; id <= 5; ++id) Wait(half_full, id);
  FillAlike(half_full, 2);
  CHECK(half_full.Messages() == 8);
  CHECK(Send(half_full, 1) == "e");
  FillAlike(half_full, 1);
  CHECK(Send(half_full, 2) == "e w1");
  CHECK(AdmitAll(half_full) == std::vector{5});
  CHECK(half_full.Messages() == 7);
}

TEST_CASE("Emit may not refill the room that those who wait are owed") {
  WaitQueue queue(limits);
  FillAlike(queue);
  REQUIRE(Wait(queue, 1) == Admission::Waiting);
  Send(queue, 1);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  CHECK(AdmitAll(queue) == std::vector{1});
  Send(queue, 1);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Queued);
}

TEST_CASE("While one waits, Emit's half admits one message of any size that fits the queue") {
  WaitQueue queue(limits);
  REQUIRE(Wait(queue, 1, 300) == Admission::Queued);
  REQUIRE(Wait(queue, 2, 300) == Admission::Waiting);
  CHECK(queue.Emit(MakeOutgoing("large", 500)) == Admission::Queued);
  CHECK(queue.Emit(MakeOutgoing("", 1)) == Admission::Full);
}

TEST_CASE("A large message of EmitAsync need not wait for a queue that never empties") {
  WaitQueue queue(limits);
  FillAlike(queue, 2, 395);
  CHECK(Wait(queue, 1, 800) == Admission::Queued);
  CHECK(queue.Bytes() == 1590);
  CHECK(Wait(queue, 2, 800) == Admission::Waiting);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  Send(queue, 2);
  CHECK(AdmitAll(queue).empty());
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{2});
}

TEST_CASE("Who waits is served first come, first served") {
  WaitQueue queue(limits);
  FillAlike(queue);
  REQUIRE(Wait(queue, 1, 390) == Admission::Waiting);
  REQUIRE(Wait(queue, 2, 300) == Admission::Waiting);
  REQUIRE(Wait(queue, 3, 2) == Admission::Waiting);
  CHECK(AdmitAll(queue).empty());
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{1});
  // Room for the third alone does not let it pass the second, nor a newcomer.
  CHECK(queue.EmitIfRoom(MakeOutgoing("new", 1)) == Admission::Waiting);
  CHECK(AdmitAll(queue).empty());
  CHECK(Send(queue) == "e e e e e e e w1");
  CHECK(AdmitAll(queue) == std::vector{2, 3});
  CHECK(Send(queue) == "w2 w3");
}

TEST_CASE("Who gives up is handed back once and no longer counts") {
  WaitQueue queue(limits);
  FillAlike(queue);
  for (int id = 1; id <= 4; ++id) REQUIRE(Wait(queue, id, 200) == Admission::Waiting);
  REQUIRE(Wait(queue, 5, 1) == Admission::Full);
  std::optional<Waiter> second = queue.Withdraw(2);
  REQUIRE(second);
  CHECK(**second == 2);
  CHECK_FALSE(queue.Withdraw(2));
  CHECK_FALSE(queue.Withdraw(99));
  REQUIRE(Wait(queue, 6, 200) == Admission::Waiting);
  Send(queue);
  CHECK(AdmitAll(queue) == std::vector{1, 3});
  CHECK_FALSE(queue.Withdraw(1));
  CHECK(Send(queue) == "w1 w3");
  CHECK(AdmitAll(queue) == std::vector{4, 6});
}

TEST_CASE("At the end all who wait are handed back in order") {
  WaitQueue queue(limits);
  FillAlike(queue);
  for (int id = 1; id <= 3; ++id) REQUIRE(Wait(queue, id) == Admission::Waiting);
  queue.Clear();
  std::vector<int> ids;
  while (auto waiter = queue.WithdrawFirst()) ids.push_back(**waiter);
  CHECK(ids == std::vector{1, 2, 3});
  CHECK(AdmitAll(queue).empty());
  CHECK(queue.Messages() == 0);
}

TEST_CASE("The line is bounded: 1,024 wait by default, and the next is refused") {
  SendLimits wide;
  wide.max_messages = 1;
  WaitQueue queue(wide);
  FillAlike(queue, 1);
  for (int id = 1; id <= 1024; ++id) REQUIRE(Wait(queue, id) == Admission::Waiting);
  CHECK(queue.Dropped() == 0);
  CHECK(Wait(queue, 2000) == Admission::Full);
  CHECK(queue.Dropped() == 1);
  REQUIRE(queue.Withdraw(7));
  CHECK(Wait(queue, 2000) == Admission::Waiting);
}

TEST_CASE("The line holds as many bytes as the queue") {
  WaitQueue queue(limits);
  FillAlike(queue);
  REQUIRE(Wait(queue, 1, 500) == Admission::Waiting);
  CHECK(Wait(queue, 2, 301) == Admission::Full);
  CHECK(queue.TakeFirstLoss());
  CHECK(Wait(queue, 3, 300) == Admission::Waiting);
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{1});
  CHECK(Wait(queue, 4, 500) == Admission::Waiting);
}

TEST_CASE("A queue is not drained while somebody waits") {
  WaitQueue queue(limits);
  for (int id = 1; id <= 5; ++id) Wait(queue, id, 200);
  Send(queue, 1);
  CHECK_FALSE(queue.TakeDrained());
  CHECK(AdmitAll(queue) == std::vector{3});
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{4});
  Send(queue, 1);
  CHECK(AdmitAll(queue) == std::vector{5});
  CHECK_FALSE(queue.TakeDrained());
  Send(queue, 1);
  CHECK(queue.TakeDrained());
  CHECK_FALSE(queue.TakeDrained());
}

TEST_CASE("A queue that refused a waiter is drained too") {
  WaitQueue queue({8, 800, Overflow::Refuse, 0});
  FillAlike(queue);
  REQUIRE(Wait(queue, 1) == Admission::Full);
  Send(queue);
  CHECK(queue.TakeDrained());
}

TEST_CASE("What waits is never dropped, nor is what was admitted from it") {
  WaitQueue queue({8, 800, Overflow::DropOldest, 4});
  for (int id = 1; id <= 5; ++id) Wait(queue, id);
  FillAlike(queue, 10);
  CHECK(queue.Dropped() == 6);
  CHECK(Send(queue, 1) == "w1");
  CHECK(AdmitAll(queue) == std::vector{5});
  FillAlike(queue, 10);
  CHECK(queue.Dropped() == 16);
  CHECK(Send(queue) == "w2 w3 w4 w5 e e e e");
}

TEST_CASE("What a callback waits to queue counts as its own once it is queued") {
  WaitQueue queue(limits);
  FillAlike(queue);
  std::vector<Waiter> waiters;
  for (int id = 1; id <= 3; ++id) {
    Waiter waiter = std::make_unique<int>(id);
    REQUIRE(queue.EmitWhenRoom(MakeOutgoing("own", 10, true), waiter, static_cast<std::uint64_t>(id)) ==
            Admission::Waiting);
  }
  CHECK_FALSE(queue.HoldsCallbacks());
  Send(queue);
  CHECK(AdmitAll(queue) == std::vector{1, 2, 3});
  CHECK(queue.HoldsCallbacks());
}
