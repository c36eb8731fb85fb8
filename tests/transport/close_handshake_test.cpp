// The closing handshake, and pings.
#include "transport/close_handshake.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "transport/ping_state.hpp"

using namespace std::chrono_literals;
using ws::CloseReason;
using ws::EndReason;
using ws::transport::CloseHandshake;
using ws::transport::Phase;
using ws::transport::PingState;

namespace {

CloseHandshake MakeOpen() {
  CloseHandshake close;
  close.OnOpened();
  return close;
}

}  // namespace

TEST_CASE("a deliberate close flushes the queue and awaits the peer's close frame") {
  CloseHandshake close = MakeOpen();
  CHECK(close.Start({EndReason::LocalClose, 1000, "bye", false, {}}));
  CHECK(close.CurrentPhase() == Phase::Closing);
  CHECK(close.IsFlushing());
  CHECK(close.ShouldSendClose());
  CHECK(close.MakePayload() == "\x03\xE8"
                               "bye");
  close.OnSent();
  CHECK_FALSE(close.ShouldSendClose());
  CHECK_FALSE(close.IsComplete());
  CHECK(close.IsReading());
  close.OnReceived();
  CHECK(close.IsComplete());
  CHECK_FALSE(close.IsReading());
}

TEST_CASE("a close for an error does not wait for the peer") {
  CloseHandshake close = MakeOpen();
  CHECK(close.Start({EndReason::Stalled, 1013, "busy", false, {}}));
  CHECK_FALSE(close.IsFlushing());
  close.OnSent();
  CHECK(close.IsComplete());
}

TEST_CASE("the peer's close frame is answered with its code and no text") {
  CloseHandshake close = MakeOpen();
  close.OnReceived();
  CHECK(close.Start({EndReason::PeerClose, 4000, "text", true, {}}));
  CHECK(close.MakePayload() == "\x0F\xA0");
  close.OnSent();
  CHECK(close.IsComplete());
}

TEST_CASE("the first reason counts") {
  CloseHandshake close = MakeOpen();
  CHECK(close.Start({EndReason::LocalClose, 1000, {}, false, {}}));
  CHECK_FALSE(close.Start({EndReason::Stalled, 1013, {}, false, {}}));
  CHECK(close.Fail(boost::asio::error::broken_pipe));
  CHECK(close.Reason().reason == EndReason::LocalClose);
  CHECK_FALSE(close.End(true));
  CHECK_FALSE(close.IsClean());
}

TEST_CASE("an open connection that fails ends with a transport error") {
  CloseHandshake close = MakeOpen();
  CHECK(close.Fail(boost::asio::error::broken_pipe));
  CHECK(close.Reason().reason == EndReason::TransportError);
  CHECK(close.Reason().code == 1006);
  CHECK(close.Reason().error == boost::asio::error::broken_pipe);
  CHECK(close.CurrentPhase() == Phase::Ended);
}

TEST_CASE("a connection cannot close before it is open") {
  CloseHandshake close;
  CHECK_FALSE(close.Start({EndReason::LocalClose, 1000, {}, false, {}}));
  CHECK(close.End(true));
  CHECK(close.IsClean());
}

TEST_CASE("only the newest ping is answered, once") {
  PingState ping;
  CHECK_FALSE(ping.HasPong());
  ping.OnPing("old");
  ping.OnPing("new");
  CHECK(ping.PopPong() == "new");
  CHECK_FALSE(ping.PopPong());
}

TEST_CASE("only a pong to our newest ping tells the round-trip time") {
  PingState ping;
  const PingState::Time start{};
  ping.RequestPing();
  REQUIRE(ping.IsPingDue());
  const std::string first = ping.PopPing(start);
  CHECK_FALSE(ping.IsPingDue());
  CHECK(ping.OnPong(first, start + 3s) == 3s);
  ping.RequestPing();
  const std::string second = ping.PopPing(start + 10s);
  CHECK_FALSE(ping.OnPong(first, start + 11s));
  CHECK_FALSE(ping.OnPong("", start + 11s));
  CHECK_FALSE(ping.OnPong(second + "x", start + 11s));
  CHECK(ping.OnPong(second, start + 11s) == 1s);
}
