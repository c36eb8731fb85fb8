#include "ws/detail/protocol/inbound_bound.hpp"

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

void Add(InboundBound& bound, int messages, std::size_t bytes) {
  for (; messages > 0; --messages) bound.Add(1, bytes);
}

}  // namespace

TEST_CASE("Reading stops at the bound in messages, and goes on when half is done") {
  InboundBound bound(256, 1 << 20);
  Add(bound, 255, 1);
  CHECK_FALSE(bound.Full(false));
  bound.Add(1, 1);
  CHECK(bound.Full(false));
  bound.Release(127, 127);
  CHECK_FALSE(bound.HalfDone());
  bound.Release(1, 1);
  CHECK(bound.HalfDone());
  CHECK(bound.Messages() == 128);
  CHECK(bound.Bytes() == 128);
}

TEST_CASE("Reading stops at the bound in bytes, and goes on when half is done") {
  InboundBound bound(256, 1000);
  Add(bound, 3, 333);
  CHECK_FALSE(bound.Full(false));
  bound.Add(1, 1);
  CHECK(bound.Full(false));
  bound.Release(1, 333);
  CHECK_FALSE(bound.HalfDone());
  bound.Release(1, 333);
  CHECK(bound.HalfDone());
}

TEST_CASE("While requests of ours are open reading goes on to twice the bound") {
  InboundBound bound(4, 1000);
  Add(bound, 7, 1);
  CHECK(bound.Full(false));
  CHECK_FALSE(bound.Full(true));
  bound.Add(1, 1);
  CHECK(bound.Full(true));

  InboundBound by_bytes(100, 1000);
  by_bytes.Add(1, 1999);
  CHECK_FALSE(by_bytes.Full(true));
  by_bytes.Add(1, 1);
  CHECK(by_bytes.Full(true));
}

TEST_CASE("An empty mailbox is read for, even if its bound admits one message only") {
  InboundBound bound(1, 10);
  CHECK_FALSE(bound.Full(false));
  bound.Add(1, 1000);
  CHECK(bound.Full(false));
  CHECK_FALSE(bound.HalfDone());
  bound.Release(1, 1000);
  CHECK(bound.HalfDone());
  CHECK_FALSE(bound.Full(false));
}

TEST_CASE("Messages without a byte count too") {
  InboundBound bound(2, 1000);
  Add(bound, 2, 0);
  CHECK(bound.Full(false));
}
