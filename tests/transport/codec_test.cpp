// The codec in the server role: frames to messages and back, without sockets.
#include "transport/codec.hpp"

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

using ws::MessageType;
using ws::protocol::Opcode;
using ws::test::ClosePayload;
using ws::test::MaskedFrame;
using ws::transport::Codec;

namespace {

// A server codec after its handshake.
struct OpenCodec {
  explicit OpenCodec(std::size_t max_message_bytes = 1000)
      : codec(context.get_executor(), {ws::transport::Role::Server, max_message_bytes, false}) {
    std::string answer;
    REQUIRE_FALSE(codec.Accept(ws::test::UpgradeRequest(), "", answer));
    REQUIRE(answer.starts_with("HTTP/1.1 101 "));
  }

  // Feeds the input in chunks of `step` bytes, and returns one line for each event.
  std::vector<std::string> Read(std::string_view input, std::size_t step) {
    std::vector<std::string> events;
    for (; !input.empty() && !over; input.remove_prefix(std::min(step, input.size()))) {
      const std::string piece(input.substr(0, step));  // destroyed before the next one is fed
      codec.Feed(piece);
      Drain(events);
    }
    return events;
  }
  void Drain(std::vector<std::string>& events) {
    for (;;) {
      switch (codec.Next()) {
        case Codec::Event::NeedMore:
          return;
        case Codec::Event::Message: {
          std::string message = codec.PopMessage();
          events.push_back((codec.Type() == MessageType::Text ? "text " : "binary ") + message);
          break;
        }
        case Codec::Event::Ping:
          events.push_back("ping " + std::string(codec.ControlPayload()));
          break;
        case Codec::Event::Pong:
          events.push_back("pong " + std::string(codec.ControlPayload()));
          break;
        case Codec::Event::Close:
          events.push_back("close " + std::to_string(codec.CloseCode()) + " " + std::string(codec.ControlPayload()));
          over = true;
          return;
        case Codec::Event::Failed:
          events.push_back("failed " + std::to_string(codec.CloseCode()));
          over = true;
          return;
      }
    }
  }

  asio::io_context context;
  Codec codec;
  bool over = false;
};

const std::string all_frames =
    MaskedFrame(Opcode::Text, "hello") + MaskedFrame(Opcode::Binary, std::string("\0\xFF", 2)) +
    MaskedFrame(Opcode::Text, "") +                         // an empty message
    MaskedFrame(Opcode::Text, "fr\xE2", false) +            // cut inside a character
    MaskedFrame(Opcode::Ping, "between") +                  // a control frame between two fragments
    MaskedFrame(Opcode::Continuation, "", false) +          // an empty fragment
    MaskedFrame(Opcode::Continuation, "\x82\xAC", false) +  // the rest of the character
    MaskedFrame(Opcode::Pong, "") +                         // a pong before the last fragment
    MaskedFrame(Opcode::Continuation, "") +                 // an empty last fragment
    MaskedFrame(Opcode::Text, "", false) + MaskedFrame(Opcode::Continuation, "late") +
    MaskedFrame(Opcode::Text, std::string(300, 'x')) +  // a length of 16 bits
    MaskedFrame(Opcode::Close, ClosePayload(1001, "bye")) + MaskedFrame(Opcode::Text, "after");

const std::vector<std::string> expected_events = {
    "text hello", std::string("binary \0\xFF", 9), "text ",         "ping between", "pong ", "text fr\xE2\x82\xAC",
    "text late",  "text " + std::string(300, 'x'), "close 1001 bye"};

}  // namespace

TEST_CASE("a sequence of frames yields the same events in chunks of any size") {
  for (std::size_t step = 1; step <= all_frames.size(); step += step < 40 ? 1 : 37) {
    INFO("in chunks of " << step);
    OpenCodec fixture;
    CHECK(fixture.Read(all_frames, step) == expected_events);
  }
}

TEST_CASE("a sequence of frames yields the same events wherever it is split in two, also if reading pauses there") {
  for (std::size_t cut = 0; cut <= all_frames.size(); ++cut) {
    OpenCodec fixture;
    std::vector<std::string> events;
    {
      const std::string first = all_frames.substr(0, cut);
      fixture.codec.Feed(first);
      fixture.codec.BufferRemainder();  // paused before any event was read
    }
    fixture.Drain(events);
    const std::string second = all_frames.substr(cut);
    if (!fixture.over) {
      fixture.codec.Feed(second);
      fixture.Drain(events);
    }
    CHECK(events == expected_events);
  }
}

TEST_CASE("bytes that are kept when reading pauses are read when it continues") {
  OpenCodec fixture;
  std::vector<std::string> events;
  {
    const std::string input =
        MaskedFrame(Opcode::Text, "one") + MaskedFrame(Opcode::Text, "two") + MaskedFrame(Opcode::Text, "three");
    fixture.codec.Feed(input);
    REQUIRE(fixture.codec.Next() == Codec::Event::Message);
    CHECK(fixture.codec.PopMessage() == "one");
    fixture.codec.BufferRemainder();
  }
  REQUIRE(fixture.codec.Next() == Codec::Event::Message);
  CHECK(fixture.codec.PopMessage() == "two");
  fixture.codec.BufferRemainder();
  fixture.codec.BufferRemainder();
  const std::string more = MaskedFrame(Opcode::Text, "four");
  fixture.codec.Feed(more);
  fixture.Drain(events);
  CHECK(events == std::vector<std::string>{"text three", "text four"});
}

TEST_CASE("InMessage is true from the first octet of a message until its last octet has been read") {
  OpenCodec fixture;
  const std::string frame = MaskedFrame(Opcode::Text, "hello", false) + MaskedFrame(Opcode::Continuation, "x");
  CHECK_FALSE(fixture.codec.IsInMessage());
  for (std::size_t index = 0; index < frame.size(); ++index) {
    std::vector<std::string> events;
    const std::string octet = frame.substr(index, 1);
    fixture.codec.Feed(octet);
    fixture.Drain(events);
    CHECK(fixture.codec.IsInMessage() == (index + 1 < frame.size()));
  }
  const std::string ping = MaskedFrame(Opcode::Ping, "x");
  fixture.Read(ping.substr(0, 3), 1);
  CHECK_FALSE(fixture.codec.IsInMessage());
}

TEST_CASE(
    "a message of exactly the size limit is read, and a larger one fails with 1009 as soon as its length is known") {
  const std::string most(1000, 'x');
  for (const std::size_t step : {std::size_t{1}, std::size_t{5000}}) {
    OpenCodec whole;
    CHECK(whole.Read(MaskedFrame(Opcode::Text, most), step) == std::vector<std::string>{"text " + most});
    OpenCodec pieces;
    CHECK(pieces.Read(MaskedFrame(Opcode::Text, most, false) + MaskedFrame(Opcode::Continuation, ""), step).size() ==
          1);
    OpenCodec over;
    CHECK(over.Read(MaskedFrame(Opcode::Text, most + 'x').substr(0, 8), step) ==
          std::vector<std::string>{"failed 1009"});
    CHECK(over.codec.Failure() == EndReason::TooLarge);
    OpenCodec fragments;
    const std::string parts =
        MaskedFrame(Opcode::Text, most, false) + MaskedFrame(Opcode::Continuation, "x").substr(0, 6);
    CHECK(fragments.Read(parts, step) == std::vector<std::string>{"failed 1009"});
  }
  for (const std::uint64_t length : {std::uint64_t{1} << 40, std::uint64_t{1} << 62, (std::uint64_t{1} << 63) - 1}) {
    std::string head = "\x81\xFF";
    for (int shift = 56; shift >= 0; shift -= 8) head += static_cast<char>(length >> shift & 0xFF);
    OpenCodec fixture;
    CHECK(fixture.Read(head + "\x11\x22\x33\x44", 100) == std::vector<std::string>{"failed 1009"});
  }
}

TEST_CASE("a violation of RFC 6455 fails with 1002, and invalid UTF-8 fails with 1007 as early as possible") {
  const std::pair<std::string, std::string> broken[] = {
      {"\x81\x01x", "failed 1002"},                                       // without a mask
      {MaskedFrame(Opcode::Text, "x", true, 0xA1), "failed 1002"},        // reserved bits
      {MaskedFrame(Opcode::Text, "x", true, 0xC1), "failed 1002"},        // compressed without negotiation
      {MaskedFrame(Opcode::Text, "x", true, 0x8B), "failed 1002"},        // reserved opcode
      {MaskedFrame(Opcode::Ping, "x", false), "failed 1002"},             // a fragmented control frame
      {MaskedFrame(Opcode::Ping, std::string(126, 'x')), "failed 1002"},  // a control frame that is too large
      {MaskedFrame(Opcode::Continuation, "x"), "failed 1002"},            // without a message
      {MaskedFrame(Opcode::Text, "x", false) + MaskedFrame(Opcode::Text, "y"), "failed 1002"},
      {"\x81\xFE" + std::string("\0\x05", 2), "failed 1002"},            // a length that is not minimally encoded
      {"\x81\xFF\x80" + std::string(7, '\0'), "failed 1002"},            // a length with the highest bit set
      {MaskedFrame(Opcode::Close, "x"), "failed 1002"},                  // half a close code
      {MaskedFrame(Opcode::Close, ClosePayload(999)), "failed 1002"},    // a code below the range
      {MaskedFrame(Opcode::Close, ClosePayload(1005)), "failed 1002"},   // a code that may not be sent
      {MaskedFrame(Opcode::Close, ClosePayload(65535)), "failed 1002"},  // a code above the range
      {MaskedFrame(Opcode::Text, "\xC0\xAF"), "failed 1007"},            // overlong
      {MaskedFrame(Opcode::Text, "\xED\xA0\x80"), "failed 1007"},        // a surrogate
      {MaskedFrame(Opcode::Text, "\xE2\x82"), "failed 1007"},            // half a character
      {MaskedFrame(Opcode::Text, "\xE2\x82", false) + MaskedFrame(Opcode::Continuation, ""), "failed 1007"},
      {MaskedFrame(Opcode::Text, "\xFF" + std::string(100, 'x')).substr(0, 10), "failed 1007"},
  };
  for (const auto& [input, result] : broken) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{5000}}) {
      OpenCodec fixture;
      const auto events = fixture.Read(input, step);
      REQUIRE_FALSE(events.empty());
      CHECK(events.back() == result);
    }
  }
}

TEST_CASE("each message is written as one frame") {
  OpenCodec fixture;
  std::string out;
  fixture.codec.WriteMessage(MessageType::Text, "hi", out);
  fixture.codec.WriteMessage(MessageType::Binary, std::string(200, 'x'), out);
  CHECK(fixture.codec.CanSendFrames());
  CHECK(out == "\x81\x02hi\x82\x7E" + std::string("\0\xC8", 2) + std::string(200, 'x'));
}
