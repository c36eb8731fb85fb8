// permessage-deflate in both directions.
#include <boost/asio/io_context.hpp>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <cmath>
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "transport/codec.hpp"
#include "transport/inflater.hpp"

namespace zlib = boost::beast::zlib;
using ws::MessageType;
using ws::protocol::FrameHeader;
using ws::protocol::Opcode;
using ws::test::MaskedFrame;
using ws::transport::Codec;

namespace {

constexpr std::string_view tail("\0\0\xFF\xFF", 4);  // RFC 7692 section 7.2.1: removed before sending

std::string Deflate(zlib::deflate_stream& stream, std::string_view text) {
  std::string out(text.size() * 2 + 1024, '\0');
  zlib::z_params params;
  params.next_in = text.data();
  params.avail_in = text.size();
  params.next_out = out.data();
  params.avail_out = out.size();
  Error error;
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
  Error error;
  stream.write(params, zlib::Flush::sync, error);
  out.resize(params.total_out);
  return out;
}

// A server codec with permessage-deflate, after its handshake.
struct DeflateCodec {
  explicit DeflateCodec(std::size_t max_message_bytes)
      : codec(context.get_executor(), {ws::transport::Role::Server, max_message_bytes, true}) {
    HttpRequest request = ws::test::UpgradeRequest();
    request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
    std::string answer;
    REQUIRE_FALSE(codec.Accept(request, "", answer));
    REQUIRE(answer.find("permessage-deflate") != answer.npos);
    REQUIRE_FALSE(codec.CanSendFrames());
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

  asio::io_context context;
  Codec codec;
};

}  // namespace

TEST_CASE("compressed messages are read, with and without fragmentation, and in chunks of any size") {
  const std::string text = "a text that repeats, a text that repeats, a text that repeats";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    DeflateCodec fixture(1000);
    zlib::deflate_stream deflater;
    for (int round = 0; round < 3; ++round) {
      const std::string packed = Deflate(deflater, text);
      CHECK(fixture.Feed(MaskedFrame(Opcode::Text, packed, true, 0xC1), step) == Codec::Event::Message);
      CHECK(fixture.codec.PopMessage() == text);
      CHECK(fixture.codec.Type() == MessageType::Text);
      const std::string again = Deflate(deflater, text);
      const std::string half =
          MaskedFrame(Opcode::Binary, again.substr(0, 3), false, 0x42) + MaskedFrame(Opcode::Continuation, "", false);
      CHECK(fixture.Feed(half, step) == Codec::Event::NeedMore);
      CHECK(fixture.codec.IsInMessage());
      CHECK(fixture.Feed(MaskedFrame(Opcode::Continuation, again.substr(3)), step) == Codec::Event::Message);
      CHECK(fixture.codec.PopMessage() == text);
      CHECK(fixture.codec.Type() == MessageType::Binary);
      CHECK(fixture.Feed(MaskedFrame(Opcode::Text, "plain"), step) == Codec::Event::Message);
      CHECK(fixture.codec.PopMessage() == "plain");
    }
  }
}

// At higher levels an unfavourable text can block the thread for seconds per MiB.
TEST_CASE("messages are compressed at level 1") {
  std::string text;
  for (unsigned number = 1; text.size() < 100'000; number = number * 1103515245 + 12345)
    text += "abc"[(number >> 16) % 3];
  DeflateCodec fixture(1 << 20);
  std::string out;
  fixture.codec.WriteMessage(MessageType::Text, text, out);
  for (int level = 1; level <= 9; ++level) {
    zlib::deflate_stream stream;
    stream.reset(level, 15, 4, zlib::Strategy::normal);
    const double size = static_cast<double>(Deflate(stream, text).size());
    CHECK((std::abs(static_cast<double>(out.size()) / size - 1) < 0.01) ==
          (level == 1));  // level 2 output is 5 % smaller
  }
}

TEST_CASE("a sequence of written messages can be inflated") {
  DeflateCodec fixture(1 << 20);
  zlib::inflate_stream inflater;
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{70'000}}) {
    const std::string text(size, 'x');
    std::string out;
    fixture.codec.WriteMessage(MessageType::Text, text, out);
    std::string packed;
    FrameHeader header;
    do {
      REQUIRE(ws::protocol::ParseFrameHeader(out, header) == ws::protocol::HeaderStatus::Valid);
      CHECK(header.compressed == packed.empty());
      packed += out.substr(header.size, static_cast<std::size_t>(header.payload));
      out.erase(0, header.size + static_cast<std::size_t>(header.payload));
    } while (!header.fin);
    CHECK(out.empty());
    CHECK(Inflate(inflater, packed, size) == text);
  }
}

TEST_CASE("a requested window of 8 bits declines the extension, in every spelling") {
  const std::string parameter =
      GENERATE(as<std::string>(), "server_max_window_bits=8", "server_max_window_bits=\"8\"",
               "server_max_window_bits = 8", "server_max_window_bits=\"\\8\"", "Server_Max_Window_Bits=8");
  CAPTURE(parameter);
  asio::io_context context;
  Codec codec(context.get_executor(), {ws::transport::Role::Server, 1000, true});
  HttpRequest request = ws::test::UpgradeRequest();
  request.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; " + parameter);
  std::string answer;
  REQUIRE_FALSE(codec.Accept(request, "", answer));
  CHECK(answer.find("Extensions") == answer.npos);
  CHECK(codec.CanSendFrames());
}

TEST_CASE("a decompression bomb fails with 1009, invalid deflate data fails, and inflated text must be valid UTF-8") {
  zlib::deflate_stream deflater;
  DeflateCodec bomb(10'000);
  CHECK(bomb.Feed(MaskedFrame(Opcode::Text, Deflate(deflater, std::string(1 << 20, '\0')), true, 0xC1), 100) ==
        Codec::Event::Failed);
  CHECK(bomb.codec.CloseCode() == 1009);
  zlib::deflate_stream fresh;
  DeflateCodec text(1000);
  CHECK(text.Feed(MaskedFrame(Opcode::Text, Deflate(fresh, "\xFF"), true, 0xC1), 100) == Codec::Event::Failed);
  CHECK(text.codec.CloseCode() == 1007);
  DeflateCodec rubbish(1000);
  CHECK(rubbish.Feed(MaskedFrame(Opcode::Text, "\xFF\xFF\xFF", true, 0xC1), 100) == Codec::Event::Failed);
}

TEST_CASE("inflating a decompression bomb allocates little more than the limit") {
  constexpr std::size_t bound = std::size_t{1} << 20;
  zlib::deflate_stream deflater;
  const std::string bomb = Deflate(deflater, std::string(4 * bound, '\0'));
  ws::transport::Inflater inflater;
  std::string out;
  CHECK(inflater.Add(bomb, out, bound) == ws::transport::Inflater::Status::TooLarge);
  CHECK(out.capacity() <= bound + 65536);
}
