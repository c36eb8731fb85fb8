// Frames to messages and back, without sockets.
#include "transport/codec.hpp"

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

using ws::EndReason;
using ws::MessageType;
using ws::protocol::Opcode;
using ws::test::ClosePayload;
using ws::test::MaskedFrame;
using ws::transport::Codec;

namespace {

// A codec behind its handshake.
struct Opened {
  explicit Opened(std::size_t max_message_bytes = 1000)
      : codec(context.get_executor(), {ws::transport::Role::Server, max_message_bytes, false}) {
    std::string answer;
    REQUIRE_FALSE(codec.Accept(ws::test::UpgradeRequest(), "", answer));
    REQUIRE(answer.starts_with("HTTP/1.1 101 "));
  }

  // What the input comes to, one line an event.
  std::vector<std::string> Read(std::string_view input, std::size_t step) {
    std::vector<std::string> events;
    for (; !input.empty() && !over; input.remove_prefix(std::min(step, input.size()))) {
      const std::string piece(input.substr(0, step));  // gone before the next one
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
          std::string message = codec.TakeMessage();
          events.push_back((codec.Type() == MessageType::Text ? "text " : "binary ") + message);
          break;
        }
        case Codec::Event::Ping:
          events.push_back("ping " + std::string(codec.Control()));
          break;
        case Codec::Event::Pong:
          events.push_back("pong " + std::string(codec.Control()));
          break;
        case Codec::Event::Close:
          events.push_back("close " + std::to_string(codec.CloseCode()) + " " + std::string(codec.Control()));
          over = true;
          return;
        case Codec::Event::Failed:
          events.push_back("failed " + std::to_string(codec.CloseCode()));
          over = true;
          return;
      }
    }
  }

  boost::asio::io_context context;
  Codec codec;
  bool over = false;
};

const std::string conversation =
    MaskedFrame(Opcode::Text, "hello") + MaskedFrame(Opcode::Binary, std::string("\0\xFF", 2)) +
    MaskedFrame(Opcode::Text, "") +                         // an empty message
    MaskedFrame(Opcode::Text, "fr\xE2", false) +            // cut inside a character
    MaskedFrame(Opcode::Ping, "between") +                  //
    MaskedFrame(Opcode::Continuation, "", false) +          //
    MaskedFrame(Opcode::Continuation, "\x82\xAC", false) +  //
    MaskedFrame(Opcode::Pong, "") +                         //
    MaskedFrame(Opcode::Continuation, "") +                 // an empty end
    MaskedFrame(Opcode::Text, "", false) + MaskedFrame(Opcode::Continuation, "late") +
    MaskedFrame(Opcode::Text, std::string(300, 'x')) +  // a longer length
    MaskedFrame(Opcode::Close, ClosePayload(1001, "bye")) + MaskedFrame(Opcode::Text, "after");

const std::vector<std::string> wanted = {
    "text hello", std::string("binary \0\xFF", 9), "text ",         "ping between", "pong ", "text fr\xE2\x82\xAC",
    "text late",  "text " + std::string(300, 'x'), "close 1001 bye"};

}  // namespace

TEST_CASE("a conversation is read alike octet by octet and in pieces of any size") {
  for (std::size_t step = 1; step <= conversation.size(); step += step < 40 ? 1 : 37) {
    INFO("in pieces of " << step);
    Opened opened;
    CHECK(opened.Read(conversation, step) == wanted);
  }
}

TEST_CASE("a conversation is read alike wherever it is cut in two, and where reading is held there") {
  for (std::size_t cut = 0; cut <= conversation.size(); ++cut) {
    Opened opened;
    std::vector<std::string> events;
    {
      const std::string first = conversation.substr(0, cut);
      opened.codec.Feed(first);
      opened.codec.Keep();  // held before anything was taken
    }
    opened.Drain(events);
    const std::string second = conversation.substr(cut);
    if (!opened.over) {
      opened.codec.Feed(second);
      opened.Drain(events);
    }
    CHECK(events == wanted);
  }
}

TEST_CASE("what is kept after each message is read on where it stood") {
  Opened opened;
  std::vector<std::string> events;
  {
    const std::string input =
        MaskedFrame(Opcode::Text, "one") + MaskedFrame(Opcode::Text, "two") + MaskedFrame(Opcode::Text, "three");
    opened.codec.Feed(input);
    REQUIRE(opened.codec.Next() == Codec::Event::Message);
    CHECK(opened.codec.TakeMessage() == "one");
    opened.codec.Keep();
  }
  REQUIRE(opened.codec.Next() == Codec::Event::Message);
  CHECK(opened.codec.TakeMessage() == "two");
  opened.codec.Keep();
  opened.codec.Keep();
  const std::string more = MaskedFrame(Opcode::Text, "four");
  opened.codec.Feed(more);
  opened.Drain(events);
  CHECK(events == std::vector<std::string>{"text three", "text four"});
}

TEST_CASE("it is in a message from the first octet of its first frame to its last octet") {
  Opened opened;
  const std::string frame = MaskedFrame(Opcode::Text, "hello", false) + MaskedFrame(Opcode::Continuation, "x");
  CHECK_FALSE(opened.codec.InMessage());
  for (std::size_t index = 0; index < frame.size(); ++index) {
    std::vector<std::string> events;
    const std::string octet = frame.substr(index, 1);
    opened.codec.Feed(octet);
    opened.Drain(events);
    CHECK(opened.codec.InMessage() == (index + 1 < frame.size()));
  }
  const std::string ping = MaskedFrame(Opcode::Ping, "x");
  opened.Read(ping.substr(0, 3), 1);
  CHECK_FALSE(opened.codec.InMessage());
}

TEST_CASE("a message at its bound is read, one over it fails with 1009 as soon as its length is told") {
  const std::string most(1000, 'x');
  for (const std::size_t step : {std::size_t{1}, std::size_t{5000}}) {
    Opened whole;
    CHECK(whole.Read(MaskedFrame(Opcode::Text, most), step) == std::vector<std::string>{"text " + most});
    Opened pieces;
    CHECK(pieces.Read(MaskedFrame(Opcode::Text, most, false) + MaskedFrame(Opcode::Continuation, ""), step).size() ==
          1);
    Opened over;
    CHECK(over.Read(MaskedFrame(Opcode::Text, most + 'x').substr(0, 8), step) ==
          std::vector<std::string>{"failed 1009"});
    CHECK(over.codec.Failure() == EndReason::TooLarge);
    Opened fragments;
    const std::string parts =
        MaskedFrame(Opcode::Text, most, false) + MaskedFrame(Opcode::Continuation, "x").substr(0, 6);
    CHECK(fragments.Read(parts, step) == std::vector<std::string>{"failed 1009"});
  }
  for (const std::uint64_t length : {std::uint64_t{1} << 40, std::uint64_t{1} << 62, (std::uint64_t{1} << 63) - 1}) {
    std::string head = "\x81\xFF";
    for (int shift = 56; shift >= 0; shift -= 8) head += static_cast<char>(length >> shift & 0xFF);
    Opened opened;
    CHECK(opened.Read(head + "\x11\x22\x33\x44", 100) == std::vector<std::string>{"failed 1009"});
  }
}

TEST_CASE("what breaks RFC 6455 fails with 1002, and text that is not UTF-8 with 1007 as soon as it can be told") {
  const std::pair<std::string, std::string> broken[] = {
      {"\x81\x01x", "failed 1002"},                                       // not masked
      {MaskedFrame(Opcode::Text, "x", true, 0xA1), "failed 1002"},        // reserved bits
      {MaskedFrame(Opcode::Text, "x", true, 0xC1), "failed 1002"},        // compressed, not agreed
      {MaskedFrame(Opcode::Text, "x", true, 0x8B), "failed 1002"},        // reserved opcode
      {MaskedFrame(Opcode::Ping, "x", false), "failed 1002"},             // a control frame in pieces
      {MaskedFrame(Opcode::Ping, std::string(126, 'x')), "failed 1002"},  // and a large one
      {MaskedFrame(Opcode::Continuation, "x"), "failed 1002"},            // of nothing
      {MaskedFrame(Opcode::Text, "x", false) + MaskedFrame(Opcode::Text, "y"), "failed 1002"},
      {"\x81\xFE" + std::string("\0\x05", 2), "failed 1002"},            // a length too long for its value
      {"\x81\xFF\x80" + std::string(7, '\0'), "failed 1002"},            // a negative length
      {MaskedFrame(Opcode::Close, "x"), "failed 1002"},                  //
      {MaskedFrame(Opcode::Close, ClosePayload(999)), "failed 1002"},    //
      {MaskedFrame(Opcode::Close, ClosePayload(1005)), "failed 1002"},   //
      {MaskedFrame(Opcode::Close, ClosePayload(65535)), "failed 1002"},  //
      {MaskedFrame(Opcode::Text, "\xC0\xAF"), "failed 1007"},            // overlong
      {MaskedFrame(Opcode::Text, "\xED\xA0\x80"), "failed 1007"},        // a surrogate
      {MaskedFrame(Opcode::Text, "\xE2\x82"), "failed 1007"},            // half a character
      {MaskedFrame(Opcode::Text, "\xE2\x82", false) + MaskedFrame(Opcode::Continuation, ""), "failed 1007"},
      {MaskedFrame(Opcode::Text, "\xFF" + std::string(100, 'x')).substr(0, 10), "failed 1007"},
  };
  for (const auto& [input, result] : broken) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{5000}}) {
      Opened opened;
      const auto events = opened.Read(input, step);
      REQUIRE_FALSE(events.empty());
      CHECK(events.back() == result);
    }
  }
}

TEST_CASE("messages are written as one frame each") {
  Opened opened;
  std::string out;
  opened.codec.WriteMessage(MessageType::Text, "hi", out);
  opened.codec.WriteMessage(MessageType::Binary, std::string(200, 'x'), out);
  CHECK(opened.codec.WritesFrames());
  CHECK(out == "\x81\x02hi\x82\x7E" + std::string("\0\xC8", 2) + std::string(200, 'x'));
}
