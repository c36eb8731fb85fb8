// The states of a send queue that depend on how full it is.
#include <string>

#include "support/catch.hpp"
#include "support/outgoing.hpp"
#include "support/small_queue.hpp"
#include "ws/detail/protocol/send_queue.hpp"

using namespace ws::protocol;
using ws::Overflow;
using ws::test::Fill;
using ws::test::Limits;
using ws::test::MakeOutgoing;
using ws::test::Queue;
using ws::test::Send;

TEST_CASE("Protocol messages are always queued, and only they make the queue congested") {
  Queue queue(Limits());
  Fill(queue);
  CHECK_FALSE(queue.IsCongested());
  queue.PushProtocol(MakeOutgoing("reply", 10));
  CHECK(queue.Messages() == 9);
  CHECK(queue.IsCongested());
  CHECK(Send(queue, 1) == "0");
  CHECK_FALSE(queue.IsCongested());
  queue.PushProtocol(MakeOutgoing("huge", 10'000));
  CHECK(queue.IsCongested());
  CHECK(queue.Dropped() == 0);
  CHECK(Send(queue) == "1 2 3 4 5 6 7 reply huge");
  CHECK_FALSE(queue.IsCongested());
}

TEST_CASE("A large message of EmitAsync does not make the queue congested") {
  Queue queue(Limits());
  Fill(queue, 7, 100);
  REQUIRE(queue.EmitIfRoom(MakeOutgoing("large", 800)) == Admission::Queued);
  CHECK(queue.Bytes() == 1500);
  CHECK_FALSE(queue.IsCongested());
}

TEST_CASE("The next callback is held while messages from callbacks fill more than a quarter of the queue") {
  Queue queue(Limits());
  Fill(queue, 5, 10);
  CHECK_FALSE(queue.ShouldHoldCallbacks());
  queue.PushProtocol(MakeOutgoing("reply", 10, true));
  REQUIRE(queue.Emit(MakeOutgoing("emit", 10, true)) == Admission::Queued);
  CHECK_FALSE(queue.ShouldHoldCallbacks());
  queue.PushProtocol(MakeOutgoing("third", 10, true));
  CHECK(queue.ShouldHoldCallbacks());
  Send(queue, 5);
  CHECK(queue.ShouldHoldCallbacks());
  Send(queue, 1);
  CHECK_FALSE(queue.ShouldHoldCallbacks());
  Send(queue);
  queue.PushProtocol(MakeOutgoing("large", 200, true));
  CHECK_FALSE(queue.ShouldHoldCallbacks());
  queue.PushProtocol(MakeOutgoing("", 1, true));
  CHECK(queue.ShouldHoldCallbacks());
  queue.Clear();
  CHECK_FALSE(queue.ShouldHoldCallbacks());
}

TEST_CASE("A dropped message from a callback no longer counts") {
  Queue queue(Limits(Overflow::DropOldest));
  for (int i = 0; i < 3; ++i) REQUIRE(queue.Emit(MakeOutgoing("own", 10, true)) == Admission::Queued);
  CHECK(queue.ShouldHoldCallbacks());
  Fill(queue, 6);
  CHECK(queue.Dropped() == 1);
  CHECK_FALSE(queue.ShouldHoldCallbacks());
}

TEST_CASE("A queue that was full reports drained once, when it is a quarter full") {
  Queue queue(Limits());
  CHECK_FALSE(queue.ConsumeDrained());
  Fill(queue);
  CHECK_FALSE(queue.ConsumeDrained());
  REQUIRE(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  Send(queue, 5);
  CHECK_FALSE(queue.ConsumeDrained());
  Send(queue, 1);
  CHECK(queue.ConsumeDrained());
  CHECK_FALSE(queue.ConsumeDrained());
  Send(queue);
  CHECK_FALSE(queue.ConsumeDrained());
}

TEST_CASE("A queue whose bytes exceed a quarter does not report drained") {
  Queue queue(Limits());
  Fill(queue, 2, 201);
  REQUIRE(queue.Emit(MakeOutgoing("late", 500)) == Admission::Full);
  Send(queue, 1);
  CHECK_FALSE(queue.ConsumeDrained());
  Send(queue, 1);
  CHECK(queue.ConsumeDrained());
}

TEST_CASE("The first loss after each drain is reported once") {
  Queue queue(Limits());
  for (int round = 0; round < 2; ++round) {
    Fill(queue);
    CHECK_FALSE(queue.ConsumeFirstLoss());
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK(queue.ConsumeFirstLoss());
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK_FALSE(queue.ConsumeFirstLoss());
    Send(queue);
    CHECK(queue.ConsumeDrained());
  }
  CHECK(queue.Dropped() == 6);
}
