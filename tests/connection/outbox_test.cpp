// The write queue with its writer and its waiters.
#include "connection/outbox.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/outgoing.hpp"

using ws::connection::Outbox;
using ws::protocol::Admission;
using ws::protocol::Outgoing;
using ws::test::MakeOutgoing;

namespace {

// Sends everything; the writer then sleeps.
void SendAll(Outbox<int>& outbox) {
  std::vector<Outgoing> batch;
  for (outbox.PopBatch(batch, 64, 100'000); !batch.empty(); outbox.PopBatch(batch, 64, 100'000))
    outbox.CompleteBatch(batch, true);
}

}  // namespace

TEST_CASE("the writer is woken once, by the first message after it has found the queue empty") {
  Outbox<int> outbox({4, 1000});
  CHECK_FALSE(outbox.Emit(MakeOutgoing("1", 1)).wakes_writer);  // it has not looked yet
  SendAll(outbox);
  CHECK(outbox.Emit(MakeOutgoing("2", 1)).wakes_writer);
  CHECK_FALSE(outbox.Emit(MakeOutgoing("3", 1)).wakes_writer);
  SendAll(outbox);
  CHECK(outbox.PushProtocol(MakeOutgoing("4", 1)).wakes_writer);
}

TEST_CASE("a message that is not queued wakes no writer") {
  Outbox<int> outbox({1, 10});
  SendAll(outbox);
  CHECK(outbox.Emit(MakeOutgoing("1", 1)).wakes_writer);
  std::vector<Outgoing> batch;
  outbox.PopBatch(batch, 64, 100);
  const auto refused = outbox.Emit(MakeOutgoing("2", 1));
  CHECK(refused.admission == Admission::Full);
  CHECK_FALSE(refused.wakes_writer);
  CHECK(refused.first_loss);
  CHECK_FALSE(outbox.Emit(MakeOutgoing("3", 1)).first_loss);
  CHECK(outbox.Emit(MakeOutgoing("4", 100)).admission == Admission::TooLarge);
}

TEST_CASE("dropping older messages makes room") {
  Outbox<int> outbox({2, 1000, ws::Overflow::DropOldest});
  CHECK_FALSE(outbox.Emit(MakeOutgoing("1", 1)).made_room);
  CHECK_FALSE(outbox.Emit(MakeOutgoing("2", 1)).made_room);
  CHECK(outbox.Emit(MakeOutgoing("3", 1)).made_room);
}

TEST_CASE("waiters are admitted when there is room") {
  Outbox<int> outbox({1, 1000});
  outbox.Emit(MakeOutgoing("1", 1));
  CHECK(outbox.EmitIfRoom(MakeOutgoing("2", 1)).admission == Admission::Waiting);
  int waiter = 7;
  CHECK(outbox.EmitWhenRoom(MakeOutgoing("2", 1), waiter, 1).admission == Admission::Waiting);
  CHECK_FALSE(outbox.AdmitWaiter());
  SendAll(outbox);
  CHECK(outbox.AdmitWaiter() == 7);
  CHECK_FALSE(outbox.CancelWaiter(1));
}

TEST_CASE("only batches that were sent count as sent") {
  Outbox<int> outbox({4, 1000});
  std::vector<Outgoing> batch;
  for (const bool was_sent : {true, false}) {
    outbox.Emit(MakeOutgoing("1", 10));
    outbox.PopBatch(batch, 64, 100);
    outbox.CompleteBatch(batch, was_sent);
  }
  ws::ConnectionStats stats;
  outbox.AddTo(stats);
  CHECK(stats.messages_out == 1);
  CHECK(stats.bytes_out == 10);
  CHECK(stats.queued_messages == 0);
}
