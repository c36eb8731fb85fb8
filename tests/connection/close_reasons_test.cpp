// The close codes of connections that the library ends, and the lookup of callbacks.
#include "connection/close_reasons.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "ws/detail/protocol/close_frame.hpp"

using ws::EndReason;
using ws::connection::IsGraceful;
using ws::connection::MakeCloseReason;

TEST_CASE("each reason has the close code of the protocol document") {
  const std::vector<std::pair<EndReason, int>> table = {
      {EndReason::Shutdown, 1001},         {EndReason::TransportError, 1006}, {EndReason::BadMessage, 1008},
      {EndReason::Internal, 1011},         {EndReason::SlowConsumer, 1013},   {EndReason::Stalled, 1013},
      {EndReason::RateLimited, 1013},      {EndReason::Timeout, 3008},        {EndReason::HeartbeatTimeout, 3008},
  };
  for (const auto& [reason, code] : table) {
    const ws::CloseReason close = MakeCloseReason(reason);
    INFO(ws::ToString(reason));
    CHECK(close.reason == reason);
    CHECK(close.code == code);
    CHECK_FALSE(close.by_peer);
  }
}

TEST_CASE("only a deliberate end of ours is graceful") {
  CHECK(IsGraceful(EndReason::LocalClose));
  CHECK(IsGraceful(EndReason::Shutdown));
  CHECK(IsGraceful(EndReason::Unauthorized));
  CHECK_FALSE(IsGraceful(EndReason::PeerClose));
  CHECK_FALSE(IsGraceful(EndReason::Internal));
}
