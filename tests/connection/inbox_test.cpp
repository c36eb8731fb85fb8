// The bound on received messages, and the pause of the reader.
#include "connection/inbox.hpp"

#include <chrono>

#include "connection/receive_batch.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using ws::connection::Inbox;
using ws::connection::ReceiveBatch;

TEST_CASE("the reader pauses at the bound, and goes on when half of it is handled") {
  Inbox inbox(4, 1000);
  inbox.Add({3, 30, 3, 30});
  CHECK_FALSE(inbox.ShouldPauseReading(false, false));
  inbox.Add({1, 10, 1, 10});
  CHECK(inbox.ShouldPauseReading(false, false));
  inbox.Release(10);
  CHECK_FALSE(inbox.ShouldResumeReading(false, false));
  inbox.Release(10);
  CHECK(inbox.ShouldResumeReading(false, false));
  CHECK_FALSE(inbox.ShouldResumeReading(false, false));  // the reader is woken once
}

TEST_CASE("with open requests the bound is twice as high") {
  Inbox inbox(4, 1000);
  inbox.Add({4, 40, 4, 40});
  CHECK(inbox.ShouldPauseReading(false, false));
  CHECK(inbox.ShouldResumeReading(true, false));  // a request was sent meanwhile
  CHECK_FALSE(inbox.ShouldPauseReading(true, false));
  inbox.Add({4, 40, 4, 40});
  CHECK(inbox.ShouldPauseReading(true, false));
}

TEST_CASE("a congested write queue pauses the reader until it is not congested") {
  Inbox inbox(4, 1000);
  CHECK(inbox.ShouldPauseReading(false, true));
  CHECK_FALSE(inbox.ShouldResumeReading(false, true));
  inbox.Add({3, 3, 3, 3});  // more than half of the bound: this is not the reason of the pause
  CHECK(inbox.ShouldResumeReading(false, false));
}

TEST_CASE("replies count against the bound") {
  Inbox inbox(4, 100);
  inbox.AddReply(100);
  CHECK(inbox.ShouldPauseReading(false, false));
  inbox.Release(100);
  CHECK(inbox.ShouldResumeReading(false, false));
}

TEST_CASE("one error event a second is allowed") {
  Inbox inbox(4, 100);
  const Inbox::Time start{};
  CHECK(inbox.AllowError(start + 10s));
  CHECK_FALSE(inbox.AllowError(start + 10s + 999ms));
  CHECK(inbox.AllowError(start + 11s));
}

TEST_CASE("received messages are counted, whether or not they wait for callbacks") {
  Inbox inbox(4, 100);
  inbox.Add({5, 500, 1, 20});
  ws::ConnectionStats stats;
  inbox.AddTo(stats);
  CHECK(stats.messages_in == 5);
  CHECK(stats.bytes_in == 500);
  CHECK_FALSE(inbox.ShouldPauseReading(false, false));
}

TEST_CASE("a batch counts each message once") {
  ReceiveBatch batch;
  batch.Count(100);
  batch.Count(50);
  batch.Add(std::make_shared<ws::dispatch::EventDispatch>(ws::dispatch::EventKind::Message, "x", ws::Json()));
  batch.AddLifecycle(std::make_shared<ws::dispatch::EventDispatch>(ws::dispatch::EventKind::Connect, "x", ws::Json()));
  const Inbox::Received received = batch.PopReceived();
  CHECK(received.messages == 2);
  CHECK(received.bytes == 150);
  CHECK(received.waiting_messages == 1);
  CHECK(batch.Dispatches().size() == 2);
  CHECK(batch.PopReceived().messages == 0);
}

TEST_CASE("only malformed messages in a row count") {
  ReceiveBatch batch;
  CHECK_FALSE(batch.CountMalformed(2));
  batch.ResetMalformed();
  CHECK_FALSE(batch.CountMalformed(2));
  CHECK(batch.CountMalformed(2));
  ReceiveBatch without_limit;
  for (int count = 0; count < 100; ++count) CHECK_FALSE(without_limit.CountMalformed(0));
}
