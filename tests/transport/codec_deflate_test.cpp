// permessage-deflate, both ways.
#include <boost/asio/io_context.hpp>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <cmath>
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "transport/codec.hpp"
#include "transport/inflater.hpp"

namespace zlib = boost::beast::zlib;
using ws::MessageType;
using ws::protocol::FrameHeader;
using ws::protocol::Opcode;
using ws::test::MaskedFrame;
using ws::transport::Codec;

namespace {

constexpr std::string_view tail("\0\0\xFF\xFF", 4);  // RFC 7692 7.2.1: not sent

std::string Deflate(zlib::deflate_stream& stream, std::string_view text) {
  std::string out(text.size() * 2 + 1024, '\0');
  zlib::z_params params;
  params.next_in = text.data();
  params.avail_in = text.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  ws::Error error;
  stream.write(params, zlib::Flush::sync, error);
  out.resize(params.total_out);
  REQUIRE(out.ends_with(tail));
  out.resize(out.size() - tail.size());
  return out;
}

std::string Inflate(zlib::inflate_stream& stream, std::string text, std::size_t size) {
  text += tail;
  std::string out(size + 100, '\0');
  zlib::z_params params;
  params.next_in = text.data();
  params.avail_in = text.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  ws::Error error;
  stream.write(params, zlib::Flush::sync, error);
  out.resize(params.total_out);
  return out;
}

struct Deflating {
  explicit Deflating(std::size_t max_message_bytes)
      : codec(context.get_executor(), {ws::transport::Role::Server, max_message_bytes, true}) {
    ws::HttpRequest request = ws::test::UpgradeRequest();
    request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
    std::string answer;
    REQUIRE_FALSE(codec.Accept(request, "", answer));
    REQUIRE(answer.find("permessage-deflate") != answer.npos);
    REQUIRE_FALSE(codec.WritesFrames());
  }
  Codec::Event Feed(const std::string& input, std::size_t step) {
    Codec::Event event = Codec::Event::NeedMore;
    for (std::size_t begin = 0; begin < input.size() && event == Codec::Event::NeedMore; begin += step) {
      const std::string piece = input.substr(begin, step);
      codec.Feed(piece);
      event = codec.Next();
    }
    return event;
  }

  boost::asio::io_context context;
  Codec codec;
};

}  // namespace

TEST_CASE("compressed messages are read, whole and in fragments, in pieces of any size") {
  const std::string text = "a text that repeats, a text that repeats, a text that repeats";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    Deflating opened(1000);
    zlib::deflate_stream deflater;
    for (int round = 0; round < 3; ++round) {
      const std::string packed = Deflate(deflater, text);
      CHECK(opened.Feed(MaskedFrame(Opcode::Text, packed, true, 0xC1), step) == Codec::Event::Message);
      CHECK(opened.codec.TakeMessage() == text);
      CHECK(opened.codec.Type() == MessageType::Text);
      const std::string again = Deflate(deflater, text);
      const std::string half =
          MaskedFrame(Opcode::Binary, again.substr(0, 3), false, 0x42) + MaskedFrame(Opcode::Continuation, "", false);
      CHECK(opened.Feed(half, step) == Codec::Event::NeedMore);
      CHECK(opened.codec.InMessage());
      CHECK(opened.Feed(MaskedFrame(Opcode::Continuation, again.substr(3)), step) == Codec::Event::Message);
      CHECK(opened.codec.TakeMessage() == text);
      CHECK(opened.codec.Type() == MessageType::Binary);
      CHECK(opened.Feed(MaskedFrame(Opcode::Text, "plain"), step) == Codec::Event::Message);
      CHECK(opened.codec.TakeMessage() == "plain");
    }
  }
}

// Of an unlucky text more would keep the thread for up to seconds a MiB.
TEST_CASE("what is written is deflated at level 1") {
  std::string text;
  for (unsigned number = 1; text.size() < 100'000; number = number * 1103515245 + 12345)
    text += "abc"[(number >> 16) % 3];
  Deflating opened(1 << 20);
  std::string out;
  opened.codec.WriteMessage(MessageType::Text, text, out);
  for (int level = 1; level <= 9; ++level) {
    zlib::deflate_stream stream;
    stream.reset(level, 15, 4, zlib::Strategy::normal);
    const double size = static_cast<double>(Deflate(stream, text).size());
    CHECK((std::abs(static_cast<double>(out.size()) / size - 1) < 0.01) == (level == 1));  // 2 packs 5 % more
  }
}

TEST_CASE("what is written can be inflated, message after message") {
  Deflating opened(1 << 20);
  zlib::inflate_stream inflater;
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{70'000}}) {
    const std::string text(size, 'x');
    std::string out;
    opened.codec.WriteMessage(MessageType::Text, text, out);
    std::string packed;
    FrameHeader header;
    do {
      REQUIRE(ws::protocol::ReadFrameHeader(out, header) == ws::protocol::HeaderVerdict::Valid);
      CHECK(header.compressed == packed.empty());
      packed += out.substr(header.size, static_cast<std::size_t>(header.payload));
      out.erase(0, header.size + static_cast<std::size_t>(header.payload));
    } while (!header.fin);
    CHECK(out.empty());
    CHECK(Inflate(inflater, packed, size) == text);
  }
}

TEST_CASE("a window of 8 bits is not answered with a larger one, however it is spelled") {
  const std::string parameter =
      GENERATE(as<std::string>(), "server_max_window_bits=8", "server_max_window_bits=\"8\"",
               "server_max_window_bits = 8", "server_max_window_bits=\"\\8\"", "Server_Max_Window_Bits=8");
  CAPTURE(parameter);
  boost::asio::io_context context;
  Codec codec(context.get_executor(), {ws::transport::Role::Server, 1000, true});
  ws::HttpRequest request = ws::test::UpgradeRequest();
  request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; " + parameter);
  std::string answer;
  REQUIRE_FALSE(codec.Accept(request, "", answer));
  CHECK(answer.find("Extensions") == answer.npos);
  CHECK(codec.WritesFrames());
}

TEST_CASE("a bomb fails with 1009, one that is no deflate fails, and text is checked behind the inflater") {
  zlib::deflate_stream deflater;
  Deflating bomb(10'000);
  CHECK(bomb.Feed(MaskedFrame(Opcode::Text, Deflate(deflater, std::string(1 << 20, '\0')), true, 0xC1), 100) ==
        Codec::Event::Failed);
  CHECK(bomb.codec.CloseCode() == 1009);
  zlib::deflate_stream fresh;
  Deflating text(1000);
  CHECK(text.Feed(MaskedFrame(Opcode::Text, Deflate(fresh, "\xFF"), true, 0xC1), 100) == Codec::Event::Failed);
  CHECK(text.codec.CloseCode() == 1007);
  Deflating rubbish(1000);
  CHECK(rubbish.Feed(MaskedFrame(Opcode::Text, "\xFF\xFF\xFF", true, 0xC1), 100) == Codec::Event::Failed);
}

TEST_CASE("what a bomb is inflated into hardly grows past the bound") {
  constexpr std::size_t bound = std::size_t{1} << 20;
  zlib::deflate_stream deflater;
  const std::string bomb = Deflate(deflater, std::string(4 * bound, '\0'));
  ws::transport::Inflater inflater;
  std::string out;
  CHECK(inflater.Add(bomb, out, bound) == ws::transport::Inflater::Verdict::TooLarge);
  CHECK(out.capacity() <= bound + 65536);
}
