#include "ws/detail/protocol/inbound_backlog.hpp"

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

void Add(InboundBacklog& backlog, int messages, std::size_t bytes) {
  for (; messages > 0; --messages) backlog.Add(1, bytes);
}

}  // namespace

TEST_CASE("Reading pauses at the maximum of messages and resumes at half of it") {
  InboundBacklog backlog(256, 1 << 20);
  Add(backlog, 255, 1);
  CHECK_FALSE(backlog.IsAboveHighWaterMark(false));
  backlog.Add(1, 1);
  CHECK(backlog.IsAboveHighWaterMark(false));
  backlog.Release(127, 127);
  CHECK_FALSE(backlog.IsBelowLowWaterMark());
  backlog.Release(1, 1);
  CHECK(backlog.IsBelowLowWaterMark());
  CHECK(backlog.Messages() == 128);
  CHECK(backlog.Bytes() == 128);
}

TEST_CASE("Reading pauses at the maximum of bytes and resumes at half of it") {
  InboundBacklog backlog(256, 1000);
  Add(backlog, 3, 333);
  CHECK_FALSE(backlog.IsAboveHighWaterMark(false));
  backlog.Add(1, 1);
  CHECK(backlog.IsAboveHighWaterMark(false));
  backlog.Release(1, 333);
  CHECK_FALSE(backlog.IsBelowLowWaterMark());
  backlog.Release(1, 333);
  CHECK(backlog.IsBelowLowWaterMark());
}

TEST_CASE("While our own requests are open, the high-water mark is doubled") {
  InboundBacklog backlog(4, 1000);
  Add(backlog, 7, 1);
  CHECK(backlog.IsAboveHighWaterMark(false));
  CHECK_FALSE(backlog.IsAboveHighWaterMark(true));
  backlog.Add(1, 1);
  CHECK(backlog.IsAboveHighWaterMark(true));

  InboundBacklog by_bytes(100, 1000);
  by_bytes.Add(1, 1999);
  CHECK_FALSE(by_bytes.IsAboveHighWaterMark(true));
  by_bytes.Add(1, 1);
  CHECK(by_bytes.IsAboveHighWaterMark(true));
}

TEST_CASE("With a maximum of one message, reading resumes when the backlog is empty") {
  InboundBacklog backlog(1, 10);
  CHECK_FALSE(backlog.IsAboveHighWaterMark(false));
  backlog.Add(1, 1000);
  CHECK(backlog.IsAboveHighWaterMark(false));
  CHECK_FALSE(backlog.IsBelowLowWaterMark());
  backlog.Release(1, 1000);
  CHECK(backlog.IsBelowLowWaterMark());
  CHECK_FALSE(backlog.IsAboveHighWaterMark(false));
}

TEST_CASE("Messages of zero bytes count too") {
  InboundBacklog backlog(2, 1000);
  Add(backlog, 2, 0);
  CHECK(backlog.IsAboveHighWaterMark(false));
}
