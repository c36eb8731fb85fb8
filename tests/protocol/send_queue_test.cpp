#include "ws/detail/protocol/send_queue.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/outgoing.hpp"
#include "support/small_queue.hpp"

using namespace ws::protocol;
using ws::Overflow;
using ws::test::Fill;
using ws::test::Limits;
using ws::test::MakeOutgoing;
using ws::test::NamesOf;
using ws::test::Queue;
using ws::test::Send;

TEST_CASE("The send queue has the default limits of the protocol") {
  const SendLimits limits;
  CHECK(limits.max_messages == 256);
  CHECK(limits.max_bytes == std::size_t{4} << 20);
  CHECK(limits.overflow == Overflow::Refuse);
  CHECK(limits.max_waiters == 1024);
}

TEST_CASE("A full queue refuses messages of Emit") {
  Queue queue(Limits());
  Fill(queue);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  CHECK(queue.Messages() == 8);
  CHECK(queue.Bytes() == 80);
  CHECK(queue.Dropped() == 1);
  CHECK(Send(queue) == "0 1 2 3 4 5 6 7");
}

TEST_CASE("The limit in bytes is exact") {
  Queue queue(Limits());
  Fill(queue, 2, 300);
  CHECK(queue.Emit(MakeOutgoing("big", 201)) == Admission::Full);
  CHECK(queue.Emit(MakeOutgoing("fits", 200)) == Admission::Queued);
  CHECK(queue.Emit(MakeOutgoing("", 1)) == Admission::Full);
  CHECK(queue.Bytes() == 800);
  CHECK(queue.Dropped() == 2);
}

TEST_CASE("Popped messages count until their batch is complete") {
  Queue queue(Limits());
  Fill(queue);
  std::vector<Outgoing> batch;
  queue.PopBatch(batch, 3, 1000);
  CHECK(NamesOf(batch) == "0 1 2");
  CHECK(queue.Messages() == 8);
  CHECK(queue.Bytes() == 80);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  queue.CompleteBatch(batch);
  CHECK(batch.empty());
  CHECK(queue.Messages() == 5);
  CHECK(queue.Bytes() == 50);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Queued);
  CHECK(queue.HasMore());
  CHECK(Send(queue) == "3 4 5 6 7 late");
  CHECK_FALSE(queue.HasMore());
  CHECK(queue.Bytes() == 0);
}

TEST_CASE("PopBatch returns at least one message and does not exceed its limit in bytes") {
  Queue queue(Limits());
  Fill(queue, 4, 100);
  std::vector<Outgoing> batch;
  queue.PopBatch(batch, 10, 1);
  CHECK(NamesOf(batch) == "0");
  queue.CompleteBatch(batch);
  queue.PopBatch(batch, 10, 299);
  CHECK(NamesOf(batch) == "1 2");
  queue.CompleteBatch(batch);
  queue.PopBatch(batch, 10, 300);
  CHECK(NamesOf(batch) == "3");
}

TEST_CASE("An empty queue admits one message of allowed size, even if its limit in messages is zero") {
  Queue none({0, 100, Overflow::Refuse, 4});
  CHECK(none.Emit(MakeOutgoing("one", 100)) == Admission::Queued);
  CHECK(none.Emit(MakeOutgoing("two", 10)) == Admission::Full);
  CHECK(Send(none) == "one");
  CHECK(none.Emit(MakeOutgoing("two", 100)) == Admission::Queued);
}

TEST_CASE("A message above the limit in bytes is too large under every policy, and no message is dropped for it") {
  for (const Overflow overflow : {Overflow::Refuse, Overflow::DropOldest, Overflow::Close}) {
    Queue queue(Limits(overflow));
    Fill(queue, 2);
    int waiter = 1;
    CHECK(queue.Emit(MakeOutgoing("huge", 801)) == Admission::TooLarge);
    CHECK(queue.EmitVolatile(MakeOutgoing("huge", 801)) == Admission::TooLarge);
    CHECK(queue.EmitIfRoom(MakeOutgoing("huge", 801)) == Admission::TooLarge);
    CHECK(queue.EmitWhenRoom(MakeOutgoing("huge", 801), waiter, 1) == Admission::TooLarge);
    CHECK(queue.EmitRequest(MakeOutgoing("huge", 801)) == Admission::TooLarge);
    CHECK(queue.Dropped() == 0);
    CHECK(Send(queue) == "0 1");
    CHECK(queue.Emit(MakeOutgoing("all", 800)) == Admission::Queued);
  }
}

TEST_CASE("DropOldest drops as many of Emit's oldest messages as necessary") {
  Queue queue(Limits(Overflow::DropOldest));
  Fill(queue, 8, 100);
  CHECK(queue.Emit(MakeOutgoing("a", 100)) == Admission::Queued);
  CHECK(queue.Dropped() == 1);
  CHECK(queue.Emit(MakeOutgoing("b", 250)) == Admission::Queued);
  CHECK(queue.Dropped() == 4);
  CHECK(queue.Bytes() == 750);
  CHECK(Send(queue) == "4 5 6 7 a b");
}

TEST_CASE("DropOldest drops neither popped messages nor messages from other sources") {
  Queue queue(Limits(Overflow::DropOldest));
  Fill(queue, 2);
  queue.PushProtocol(MakeOutgoing("reply", 10));
  REQUIRE(queue.EmitIfRoom(MakeOutgoing("waited", 10)) == Admission::Queued);
  REQUIRE(queue.EmitRequest(MakeOutgoing("request", 10)) == Admission::Queued);
  Fill(queue, 3);
  std::vector<Outgoing> batch;
  queue.PopBatch(batch, 1, 1000);
  CHECK(NamesOf(batch) == "0");
  for (const char* name : {"a", "b", "c", "d"}) CHECK(queue.Emit(MakeOutgoing(name, 10)) == Admission::Queued);
  CHECK(queue.Dropped() == 4);
  CHECK(queue.Messages() == 8);
  queue.CompleteBatch(batch);
  CHECK(Send(queue) == "reply waited request a b c d");
}

TEST_CASE("DropOldest drops nothing if dropping all of Emit's messages would not make enough room") {
  Queue queue(Limits(Overflow::DropOldest));
  queue.PushProtocol(MakeOutgoing("reply", 500));
  Fill(queue, 2, 100);
  CHECK(queue.Emit(MakeOutgoing("big", 301)) == Admission::Full);
  CHECK(queue.Dropped() == 1);
  CHECK(Send(queue) == "reply 0 1");
}

TEST_CASE("With DropOldest, a queue that is full of protocol messages refuses Emit") {
  Queue queue(Limits(Overflow::DropOldest));
  for (int i = 0; i < 8; ++i) queue.PushProtocol(MakeOutgoing("reply", 10));
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  CHECK(queue.Dropped() == 1);
}

TEST_CASE("With the policy Close, a full queue returns Overflowed") {
  Queue queue(Limits(Overflow::Close));
  Fill(queue);
  CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Overflowed);
  CHECK(queue.Dropped() == 1);
  CHECK(Send(queue) == "0 1 2 3 4 5 6 7");
}

TEST_CASE("A full queue refuses a request under every policy, and a queued request is never dropped") {
  for (const Overflow overflow : {Overflow::Refuse, Overflow::DropOldest, Overflow::Close}) {
    Queue queue(Limits(overflow));
    REQUIRE(queue.EmitRequest(MakeOutgoing("request", 10)) == Admission::Queued);
    Fill(queue, 7);
    CHECK(queue.EmitRequest(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK(queue.Messages() == 8);
    CHECK(queue.Dropped() == 1);
    CHECK(queue.ConsumeFirstLoss());
    if (overflow == Overflow::DropOldest) CHECK(queue.Emit(MakeOutgoing("x", 10)) == Admission::Queued);
    CHECK(Send(queue, 1) == "request");
  }
}

TEST_CASE("A volatile message may fill at most a quarter of the queue") {
  Queue queue(Limits());
  CHECK(queue.EmitVolatile(MakeOutgoing("first", 800)) == Admission::Queued);
  CHECK(Send(queue) == "first");
  CHECK(queue.EmitVolatile(MakeOutgoing("a", 100)) == Admission::Queued);
  CHECK(queue.EmitVolatile(MakeOutgoing("b", 101)) == Admission::Full);
  CHECK(queue.EmitVolatile(MakeOutgoing("c", 100)) == Admission::Queued);
  CHECK(queue.EmitVolatile(MakeOutgoing("", 1)) == Admission::Full);
  CHECK(queue.Dropped() == 2);
  CHECK_FALSE(queue.ConsumeFirstLoss());
  CHECK(Send(queue) == "a c");
}

TEST_CASE("Clear removes queued messages, and popped messages still count") {
  Queue queue(Limits());
  Fill(queue);
  std::vector<Outgoing> batch;
  queue.PopBatch(batch, 3, 1000);
  queue.Clear();
  CHECK_FALSE(queue.HasMore());
  CHECK(queue.Messages() == 3);
  queue.CompleteBatch(batch);
  CHECK(queue.Messages() == 0);
  CHECK(queue.Bytes() == 0);
}

TEST_CASE("Several queues share one frame without a copy") {
  Queue one(Limits()), other(Limits());
  const Outgoing message = MakeOutgoing("shared", 100);
  REQUIRE(one.Emit(message) == Admission::Queued);
  REQUIRE(other.Emit(message) == Admission::Queued);
  std::vector<Outgoing> batch;
  one.PopBatch(batch, 1, 1000);
  CHECK(batch.front().frame == message.frame);
  CHECK(message.frame.use_count() == 3);
}

TEST_CASE("A queued message can be removed, a popped one cannot") {
  Queue queue(Limits());
  const Outgoing request = MakeOutgoing("request", 10), popped = MakeOutgoing("popped", 10);
  REQUIRE(queue.EmitRequest(popped) == Admission::Queued);
  std::vector<Outgoing> batch;
  queue.PopBatch(batch, 1, 1000);
  Fill(queue, 3);
  REQUIRE(queue.EmitRequest(request) == Admission::Queued);
  REQUIRE(queue.Emit(MakeOutgoing("last", 10)) == Admission::Queued);
  CHECK(queue.Remove(request.frame));
  CHECK_FALSE(queue.Remove(request.frame));
  CHECK_FALSE(queue.Remove(popped.frame));
  CHECK(queue.Messages() == 5);
  CHECK(queue.Bytes() == 50);
  CHECK(queue.Dropped() == 0);
  queue.CompleteBatch(batch);
  CHECK(Send(queue) == "0 1 2 last");
  CHECK(queue.Messages() == 0);
}
