// protocol.md 7: the reason that `disconnect` reports, and the close frame that the peer receives.
#include <boost/asio/post.hpp>
#include <future>
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/detail/protocol/frame_header.hpp"

using ws::protocol::Opcode;
using ws::test::MaskedFrame;

namespace {

void Check(const CloseReason& reason, EndReason expected, unsigned code, bool by_peer) {
  INFO("the reason is " << ws::ToString(reason.reason));
  CHECK(reason.reason == expected);
  CHECK(reason.code == code);
  CHECK(reason.by_peer == by_peer);
}

}  // namespace

TEST_CASE("our own close ends with local_close and the given code and text") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Close(4001, "enough");
  CHECK_FALSE(session.socket.IsConnected());
  const auto frame = session.peer.ReceiveClose();
  CHECK(frame.code == 4001);
  CHECK(frame.text == "enough");
  session.peer.SendClose(4001);
  const CloseReason reason = Get(std::move(close_reason));
  Check(reason, EndReason::LocalClose, 4001, false);
  CHECK(reason.text == "enough");
  CHECK_FALSE(reason.error);
  CHECK(session.peer.ReceiveUntilEof().empty());
}

TEST_CASE("messages that the peer sent before it disconnected are handled, also if our write is the first to fail") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  std::promise<void> saved;
  session.socket.On("save", [&] { saved.set_value(); });
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("x"));
  asio::post(session.Context(), [&] {
    session.Pair().to_second->CloseReader();
    session.peer.SendBytes(MaskedFrame(Opcode::Text, R"({"event":"save"})") +
                           MaskedFrame(Opcode::Close, ws::test::ClosePayload(1000)));
  });
  Check(Get(std::move(close_reason)), EndReason::PeerClose, 1000, true);
  Get(saved.get_future());
}

TEST_CASE("a close code that may not be sent becomes 1000, and the text is made valid UTF-8 and cut to 123 bytes") {
  const std::uint16_t code = GENERATE(std::uint16_t{0}, std::uint16_t{1005}, std::uint16_t{1006}, std::uint16_t{1015},
                                      std::uint16_t{2999}, std::uint16_t{65535});
  MemorySession session;
  session.Open();
  session.socket.Close(code, std::string(122, 'x') + "\xC3\xA9\xFF");
  const auto frame = session.peer.ReceiveClose();
  CHECK(frame.code == 1000);
  CHECK(frame.text == std::string(122, 'x'));
}

TEST_CASE("the peer's close ends with peer_close, and its code is echoed") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.SendClose(3456, "bye");
  CHECK(session.peer.ReceiveClose().code == 3456);
  const CloseReason reason = Get(std::move(close_reason));
  Check(reason, EndReason::PeerClose, 3456, true);
  CHECK(reason.text == "bye");
}

TEST_CASE("an empty close frame from the peer is reported as 1005, and answered with an empty one") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.SendFrame(Opcode::Close, "");
  CHECK(session.peer.ReceiveClose().code == 1005);
  Check(Get(std::move(close_reason)), EndReason::PeerClose, 1005, true);
}

TEST_CASE("a broken connection ends with transport_error and 1006") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  std::promise<std::string> error;
  session.socket.On("disconnect", [&](const Json& reason) { error.set_value(reason["error"]); });
  session.Open();
  session.peer.DropConnection();
  Check(Get(std::move(close_reason)), EndReason::TransportError, 1006, false);
  CHECK(Get(error.get_future()) == Error(asio::error::eof).message());
}

TEST_CASE("an invalid frame ends with protocol_error and 1002") {
  const auto bytes =
      GENERATE(std::string("\x81\x02hi"),                                            // without a mask
               ws::test::MaskedFrame(Opcode::Text, "x", true, 0xC1),                 // reserved bit
               ws::test::MaskedFrame(Opcode::Text, "x", true, 0x83),                 // reserved opcode
               ws::test::MaskedFrame(Opcode::Continuation, "x"),                     // without a message
               ws::test::MaskedFrame(Opcode::Close, "\x03"),                         // half a code
               ws::test::MaskedFrame(Opcode::Close, ws::test::ClosePayload(1006)));  // a code that may not be sent
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.SendBytes(bytes);
  CHECK(session.peer.ReceiveClose().code == 1002);
  Check(Get(std::move(close_reason)), EndReason::ProtocolError, 1002, false);
  CHECK(session.peer.ReceiveUntilEof().empty());
}

TEST_CASE("closing with 3000 or 3003 ends with unauthorized, after the queued messages") {
  const auto code = GENERATE(as<std::uint16_t>(), 3000, 3003);
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Emit("last");
  session.socket.Close(code, "go");
  CHECK(session.peer.Receive()["event"] == "last");
  CHECK(session.peer.ReceiveClose().code == code);
  session.peer.SendClose(code);
  Check(Get(std::move(close_reason)), EndReason::Unauthorized, code, false);
}

TEST_CASE("text that is not valid UTF-8 ends with protocol_error and 1007") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.SendText("\xC3(");
  CHECK(session.peer.ReceiveClose().code == 1007);
  Check(Get(std::move(close_reason)), EndReason::ProtocolError, 1007, false);
}

TEST_CASE("a message above max_message_bytes ends with too_large and 1009, and one of exactly that size is handled") {
  MemorySession session(Options{.max_message_bytes = 64});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  std::string message = R"({"event":"x","id":1,"data":""})";
  message.insert(message.size() - 2, 64 - message.size(), 'd');
  session.peer.SendText(message);
  CHECK(session.peer.Receive()["id"] == 1);
  session.peer.SendText(message + ' ');
  CHECK(session.peer.ReceiveClose().code == 1009);
  Check(Get(std::move(close_reason)), EndReason::TooLarge, 1009, false);
}

TEST_CASE("ten malformed messages in a row end with bad_message and 1008") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  for (int count = 0; count < 9; ++count) session.peer.SendText(count % 2 == 0 ? "{" : "[]");
  session.peer.Send("fine", nullptr, 1);  // resets the count
  for (int count = 0; count < 9; ++count) session.peer.SendText("{\"event\":5}");
  session.peer.Send("fine", nullptr, 2);
  Json answer;
  do {
    answer = session.peer.Receive();
  } while (answer["event"] != "$ack" || answer["id"] != 2);
  CHECK(session.socket.IsConnected());
  for (int count = 0; count < 10; ++count) session.peer.SendText("");
  CHECK(session.peer.ReceiveClose().code == 1008);
  Check(Get(std::move(close_reason)), EndReason::BadMessage, 1008, false);
}

TEST_CASE("a full queue under the overflow policy Close ends with slow_consumer and 1013") {
  MemorySession session(Options{.max_outbound_messages = 4, .overflow = ws::Overflow::Close, .close_timeout = 50ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.BlockWrites(true);
  Error error;
  for (int count = 0; count < 100 && !error; ++count) error = session.socket.Emit("x");
  CHECK(error == Errc::QueueFull);
  CHECK(session.socket.Emit("x") == Errc::Closed);
  Check(Get(std::move(close_reason)), EndReason::SlowConsumer, 1013, false);
}

TEST_CASE("a write that makes no progress within write_timeout ends with slow_consumer") {
  MemorySession session(Options{.write_timeout = 50ms, .close_timeout = 50ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("x"));
  Check(Get(std::move(close_reason)), EndReason::SlowConsumer, 1013, false);
}

TEST_CASE("a reader that callbacks block for longer than stall_timeout ends with stalled and 1013") {
  Latch latch;
  MemorySession session(Options{.max_inbound_messages = 2, .stall_timeout = 50ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.socket.On("block", [&latch] { latch.Wait(); });
  session.Open();
  for (int count = 0; count < 4; ++count) session.peer.Send("block");
  CHECK(session.peer.ReceiveClose().code == 1013);
  latch.Release();
  Check(Get(std::move(close_reason)), EndReason::Stalled, 1013, false);
}

TEST_CASE("a peer that sends nothing within idle_timeout ends with heartbeat_timeout and 3008") {
  MemorySession session(Options{.ping_interval = 0ms, .idle_timeout = 100ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  CHECK(session.peer.ReceiveClose().code == 3008);
  Check(Get(std::move(close_reason)), EndReason::HeartbeatTimeout, 3008, false);
}

TEST_CASE("a message that is not complete within message_timeout ends with timeout and 3008, despite control frames") {
  MemorySession session(Options{.message_timeout = 100ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.SendFrame(Opcode::Text, "{", false);
  session.peer.SendFrame(Opcode::Ping, "");
  session.peer.SendFrame(Opcode::Continuation, "", false);
  CHECK(session.peer.ReceiveClose().code == 3008);
  Check(Get(std::move(close_reason)), EndReason::Timeout, 3008, false);
}

TEST_CASE("a peer that ignores our close is disconnected after close_timeout, and the reason is local_close") {
  MemorySession session(Options{.close_timeout = 50ms});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Close();
  CHECK(session.peer.ReceiveClose().code == 1000);
  Check(Get(std::move(close_reason)), EndReason::LocalClose, 1000, false);
  CHECK(session.peer.ReceiveUntilEof().empty());
}

TEST_CASE("a peer that disconnects after our close without a close frame is reported as local_close") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Close(1012);
  session.peer.DropConnection();
  Check(Get(std::move(close_reason)), EndReason::LocalClose, 1012, false);
}
