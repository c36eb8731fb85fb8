// What the send queue tells of how full it is.
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

TEST_CASE("Protocol messages are always queued, and they alone congest") {
  Queue queue(Limits());
  Fill(queue);
  CHECK_FALSE(queue.IsCongested());
  queue.Push(MakeOutgoing("reply", 10));
  CHECK(queue.Messages() == 9);
  CHECK(queue.IsCongested());
  CHECK(Send(queue, 1) == "0");
  CHECK_FALSE(queue.IsCongested());
  queue.Push(MakeOutgoing("vast", 10'000));
  CHECK(queue.IsCongested());
  CHECK(queue.Dropped() == 0);
  CHECK(Send(queue) == "1 2 3 4 5 6 7 reply vast");
  CHECK_FALSE(queue.IsCongested());
}

TEST_CASE("A large message of EmitAsync beside Emit's does not congest") {
  Queue queue(Limits());
  Fill(queue, 7, 100);
  REQUIRE(queue.EmitIfRoom(MakeOutgoing("large", 800)) == Admission::Queued);
  CHECK(queue.Bytes() == 1500);
  CHECK_FALSE(queue.IsCongested());
}

TEST_CASE("The next callback is held while what callbacks queued exceeds a quarter") {
  Queue queue(Limits());
  Fill(queue, 5, 10);
  CHECK_FALSE(queue.HoldsCallbacks());
  queue.Push(MakeOutgoing("reply", 10, true));
  REQUIRE(queue.Emit(MakeOutgoing("emit", 10, true)) == Admission::Queued);
  CHECK_FALSE(queue.HoldsCallbacks());
  queue.Push(MakeOutgoing("third", 10, true));
  CHECK(queue.HoldsCallbacks());
  Send(queue, 5);
  CHECK(queue.HoldsCallbacks());
  Send(queue, 1);
  CHECK_FALSE(queue.HoldsCallbacks());
  Send(queue);
  queue.Push(MakeOutgoing("large", 200, true));
  CHECK_FALSE(queue.HoldsCallbacks());
  queue.Push(MakeOutgoing("", 1, true));
  CHECK(queue.HoldsCallbacks());
  queue.Clear();
  CHECK_FALSE(queue.HoldsCallbacks());
}

TEST_CASE("A dropped message of a callback no longer holds the next") {
  Queue queue(Limits(Overflow::DropOldest));
  for (int i = 0; i < 3; ++i) REQUIRE(queue.Emit(MakeOutgoing("own", 10, true)) == Admission::Queued);
  CHECK(queue.HoldsCallbacks());
  Fill(queue, 6);
  CHECK(queue.Dropped() == 1);
  CHECK_FALSE(queue.HoldsCallbacks());
}

TEST_CASE("A queue that was full is drained once, at a quarter") {
  Queue queue(Limits());
  CHECK_FALSE(queue.TakeDrained());
  Fill(queue);
  CHECK_FALSE(queue.TakeDrained());
  REQUIRE(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
  Send(queue, 5);
  CHECK_FALSE(queue.TakeDrained());
  Send(queue, 1);
  CHECK(queue.TakeDrained());
  CHECK_FALSE(queue.TakeDrained());
  Send(queue);
  CHECK_FALSE(queue.TakeDrained());
}

TEST_CASE("A queue whose bytes exceed a quarter is not drained") {
  Queue queue(Limits());
  Fill(queue, 2, 201);
  REQUIRE(queue.Emit(MakeOutgoing("late", 500)) == Admission::Full);
  Send(queue, 1);
  CHECK_FALSE(queue.TakeDrained());
  Send(queue, 1);
  CHECK(queue.TakeDrained());
}

TEST_CASE("The first loss of each episode is told once") {
  Queue queue(Limits());
  for (int episode = 0; episode < 2; ++episode) {
    Fill(queue);
    CHECK_FALSE(queue.TakeFirstLoss());
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK(queue.TakeFirstLoss());
    CHECK(queue.Emit(MakeOutgoing("late", 10)) == Admission::Full);
    CHECK_FALSE(queue.TakeFirstLoss());
    Send(queue);
    CHECK(queue.TakeDrained());
  }
  CHECK(queue.Dropped() == 6);
}
