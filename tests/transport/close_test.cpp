// PROTOCOL.md 7: what `disconnect` hands over, and what the peer is told.
#include <boost/asio/post.hpp>
#include <future>
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "ws/detail/protocol/frame_header.hpp"

using namespace std::chrono_literals;
using ws::CloseReason;
using ws::EndReason;
using ws::Options;
using ws::protocol::Opcode;
using ws::test::EndOf;
using ws::test::Get;
using ws::test::MaskedFrame;
using ws::test::MemorySession;

namespace {

void Check(const CloseReason& reason, EndReason wanted, unsigned code, bool by_peer) {
  INFO("the reason is " << ws::ToString(reason.reason));
  CHECK(reason.reason == wanted);
  CHECK(reason.code == code);
  CHECK(reason.by_peer == by_peer);
}

}  // namespace

TEST_CASE("a close of ours ends with local_close and the code and text that were given") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.socket.Close(4001, "enough");
  CHECK_FALSE(session.socket.IsConnected());
  const auto frame = session.peer.ReceiveClose();
  CHECK(frame.code == 4001);
  CHECK(frame.text == "enough");
  session.peer.SendClose(4001);
  const CloseReason reason = Get(std::move(end));
  Check(reason, EndReason::LocalClose, 4001, false);
  CHECK(reason.text == "enough");
  CHECK_FALSE(reason.error);
  CHECK(session.peer.ReceiveEnd().empty());
}

TEST_CASE("what the peer said before it was gone counts, also where a write of ours is the first to find out") {
  MemorySession session;
  auto end = EndOf(session.socket);
  std::promise<void> saved;
  session.socket.On("save", [&] { saved.set_value(); });
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("x"));
  boost::asio::post(session.Context(), [&] {
    session.Pair().to_second->LoseReader();
    session.peer.SendBytes(MaskedFrame(Opcode::Text, R"({"event":"save"})") +
                           MaskedFrame(Opcode::Close, ws::test::ClosePayload(1000)));
  });
  Check(Get(std::move(end)), EndReason::PeerClose, 1000, true);
  Get(saved.get_future());
}

TEST_CASE("a code that may not be sent becomes 1000, and a text is made valid and fits its frame") {
  const std::uint16_t code = GENERATE(std::uint16_t{0}, std::uint16_t{1005}, std::uint16_t{1006}, std::uint16_t{1015},
                                      std::uint16_t{2999}, std::uint16_t{65535});
  MemorySession session;
  session.Open();
  session.socket.Close(code, std::string(122, 'x') + "\xC3\xA9\xFF");
  const auto frame = session.peer.ReceiveClose();
  CHECK(frame.code == 1000);
  CHECK(frame.text == std::string(122, 'x'));
}

TEST_CASE("the peer's close ends with peer_close, and its code comes back") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.SendClose(3456, "bye");
  CHECK(session.peer.ReceiveClose().code == 3456);
  const CloseReason reason = Get(std::move(end));
  Check(reason, EndReason::PeerClose, 3456, true);
  CHECK(reason.text == "bye");
}

TEST_CASE("an empty close frame of the peer is 1005, and is answered with an empty one") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.SendFrame(Opcode::Close, "");
  CHECK(session.peer.ReceiveClose().code == 1005);
  Check(Get(std::move(end)), EndReason::PeerClose, 1005, true);
}

TEST_CASE("a connection that breaks ends with transport_error and 1006") {
  MemorySession session;
  auto end = EndOf(session.socket);
  std::promise<std::string> error;
  session.socket.On("disconnect", [&](const ws::Json& reason) { error.set_value(reason["error"]); });
  session.Open();
  session.peer.Cut();
  Check(Get(std::move(end)), EndReason::TransportError, 1006, false);
  CHECK(Get(error.get_future()) == ws::Error(boost::asio::error::eof).message());
}

TEST_CASE("a broken frame ends with protocol_error and 1002") {
  const auto bytes = GENERATE(std::string("\x81\x02hi"),                                            // not masked
                              ws::test::MaskedFrame(Opcode::Text, "x", true, 0xC1),                 // reserved bit
                              ws::test::MaskedFrame(Opcode::Text, "x", true, 0x83),                 // reserved opcode
                              ws::test::MaskedFrame(Opcode::Continuation, "x"),                     // of nothing
                              ws::test::MaskedFrame(Opcode::Close, "\x03"),                         // half a code
                              ws::test::MaskedFrame(Opcode::Close, ws::test::ClosePayload(1006)));  // not to be sent
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.SendBytes(bytes);
  CHECK(session.peer.ReceiveClose().code == 1002);
  Check(Get(std::move(end)), EndReason::ProtocolError, 1002, false);
  CHECK(session.peer.ReceiveEnd().empty());
}

TEST_CASE("access that is taken back ends with unauthorized, behind what is queued") {
  const auto code = GENERATE(as<std::uint16_t>(), 3000, 3003);
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.socket.Emit("last");
  session.socket.Close(code, "go");
  CHECK(session.peer.Receive()["event"] == "last");
  CHECK(session.peer.ReceiveClose().code == code);
  session.peer.SendClose(code);
  Check(Get(std::move(end)), EndReason::Unauthorized, code, false);
}

TEST_CASE("text that is not UTF-8 ends with protocol_error and 1007") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.SendText("\xC3(");
  CHECK(session.peer.ReceiveClose().code == 1007);
  Check(Get(std::move(end)), EndReason::ProtocolError, 1007, false);
}

TEST_CASE("a message over its bound ends with too_large and 1009, one at its bound is handled") {
  MemorySession session(Options{.max_message_bytes = 64});
  auto end = EndOf(session.socket);
  session.Open();
  std::string message = R"({"event":"x","id":1,"data":""})";
  message.insert(message.size() - 2, 64 - message.size(), 'd');
  session.peer.SendText(message);
  CHECK(session.peer.Receive()["id"] == 1);
  session.peer.SendText(message + ' ');
  CHECK(session.peer.ReceiveClose().code == 1009);
  Check(Get(std::move(end)), EndReason::TooLarge, 1009, false);
}

TEST_CASE("ten malformed messages in a row end with bad_message and 1008") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  for (int count = 0; count < 9; ++count) session.peer.SendText(count % 2 == 0 ? "{" : "[]");
  session.peer.Send("fine", nullptr, 1);  // begins the count anew
  for (int count = 0; count < 9; ++count) session.peer.SendText("{\"event\":5}");
  session.peer.Send("fine", nullptr, 2);
  ws::Json answer;
  do {
    answer = session.peer.Receive();
  } while (answer["event"] != "$ack" || answer["id"] != 2);
  CHECK(session.socket.IsConnected());
  for (int count = 0; count < 10; ++count) session.peer.SendText("");
  CHECK(session.peer.ReceiveClose().code == 1008);
  Check(Get(std::move(end)), EndReason::BadMessage, 1008, false);
}

TEST_CASE("the overflow policy Close ends with slow_consumer and 1013") {
  MemorySession session(Options{.max_outbound_messages = 4, .overflow = ws::Overflow::Close, .close_timeout = 50ms});
  auto end = EndOf(session.socket);
  session.Open();
  session.BlockWrites(true);
  ws::Error error;
  for (int count = 0; count < 100 && !error; ++count) error = session.socket.Emit("x");
  CHECK(error == ws::Errc::QueueFull);
  CHECK(session.socket.Emit("x") == ws::Errc::Closed);
  Check(Get(std::move(end)), EndReason::SlowConsumer, 1013, false);
}

TEST_CASE("a peer that takes nothing for too long ends with slow_consumer") {
  MemorySession session(Options{.write_timeout = 50ms, .close_timeout = 50ms});
  auto end = EndOf(session.socket);
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("x"));
  Check(Get(std::move(end)), EndReason::SlowConsumer, 1013, false);
}

TEST_CASE("a socket that callbacks keep from being read for too long ends with stalled and 1013") {
  ws::test::Door door;
  MemorySession session(Options{.max_inbound_messages = 2, .stall_timeout = 50ms});
  auto end = EndOf(session.socket);
  session.socket.On("block", [&door] { door.Pass(); });
  session.Open();
  for (int count = 0; count < 4; ++count) session.peer.Send("block");
  CHECK(session.peer.ReceiveClose().code == 1013);
  door.Open();
  Check(Get(std::move(end)), EndReason::Stalled, 1013, false);
}

TEST_CASE("silence ends with heartbeat_timeout and 3008") {
  MemorySession session(Options{.ping_interval = 0ms, .idle_timeout = 100ms});
  auto end = EndOf(session.socket);
  session.Open();
  CHECK(session.peer.ReceiveClose().code == 3008);
  Check(Get(std::move(end)), EndReason::HeartbeatTimeout, 3008, false);
}

TEST_CASE("a message that never ends ends with timeout and 3008, whatever control frames come in it") {
  MemorySession session(Options{.message_timeout = 100ms});
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.SendFrame(Opcode::Text, "{", false);
  session.peer.SendFrame(Opcode::Ping, "");
  session.peer.SendFrame(Opcode::Continuation, "", false);
  CHECK(session.peer.ReceiveClose().code == 3008);
  Check(Get(std::move(end)), EndReason::Timeout, 3008, false);
}

TEST_CASE("a peer that ignores our close is cut off, and the reason is still local_close") {
  MemorySession session(Options{.close_timeout = 50ms});
  auto end = EndOf(session.socket);
  session.Open();
  session.socket.Close();
  CHECK(session.peer.ReceiveClose().code == 1000);
  Check(Get(std::move(end)), EndReason::LocalClose, 1000, false);
  CHECK(session.peer.ReceiveEnd().empty());
}

TEST_CASE("a peer that breaks off after our close is local_close too") {
  MemorySession session;
  auto end = EndOf(session.socket);
  session.Open();
  session.socket.Close(1012);
  session.peer.Cut();
  Check(Get(std::move(end)), EndReason::LocalClose, 1012, false);
}
