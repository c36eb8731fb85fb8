#include "ws/detail/protocol/frame_header.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

constexpr std::uint64_t longest = (std::uint64_t{1} << 63) - 1;

// Returns a header with these bytes, even if the protocol does not allow it. `length` is the 7-bit field.
std::string MakeHeader(unsigned first, unsigned length, std::uint64_t extended, bool masked) {
  std::string bytes{static_cast<char>(first), static_cast<char>(length | (masked ? 0x80U : 0U))};
  const int extended_size = length == 126 ? 2 : length == 127 ? 8 : 0;
  for (int shift = 8 * (extended_size - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(extended >> shift);
  return masked ? bytes + "MASK" : bytes;
}

HeaderStatus Parse(std::string_view input) {
  FrameHeader header;
  return ParseFrameHeader(input, header);
}

}  // namespace

TEST_CASE("Every form of the payload length is parsed, masked and unmasked") {
  for (const bool masked : {false, true}) {
    for (const std::uint64_t payload :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{127},
          std::uint64_t{0xFFFF}, std::uint64_t{0x10000}, std::uint64_t{1} << 40, longest}) {
      const unsigned length = payload < 126 ? static_cast<unsigned>(payload) : payload <= 0xFFFF ? 126 : 127;
      const std::string bytes = MakeHeader(0x82, length, payload, masked);
      FrameHeader header;
      INFO(payload);
      REQUIRE(ParseFrameHeader(bytes + "payload", header) == HeaderStatus::Valid);
      CHECK(header.opcode == Opcode::Binary);
      CHECK(header.fin);
      CHECK(header.masked == masked);
      CHECK(header.payload == payload);
      CHECK(header.size == bytes.size());
    }
  }
}

TEST_CASE("A header that is cut at any byte is incomplete") {
  for (const bool masked : {false, true}) {
    for (const std::string& bytes : {MakeHeader(0x81, 125, 0, masked), MakeHeader(0x81, 126, 126, masked),
                                     MakeHeader(0x81, 127, 0x10000, masked), MakeHeader(0x01, 127, longest, masked),
                                     MakeHeader(0x89, 0, 0, masked), MakeHeader(0xC1, 126, 0xFFFF, masked)}) {
      for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK(Parse(bytes.substr(0, size)) == HeaderStatus::Incomplete);
      CHECK(Parse(bytes) == HeaderStatus::Valid);
    }
  }
}

TEST_CASE("Every first byte is accepted or rejected as RFC 6455 says") {
  for (unsigned first = 0; first < 256; ++first) {
    const unsigned opcode = first & 0xFU;
    const bool fin = (first & 0x80U) != 0, compressed = (first & 0x40U) != 0, reserved = (first & 0x30U) != 0;
    const bool data = opcode <= 2, control = opcode >= 8 && opcode <= 10;
    const bool valid =
        !reserved && (data || control) && !(control && (!fin || compressed)) && !(opcode == 0 && compressed);
    INFO(first);
    CHECK(Parse(MakeHeader(first, 5, 0, true)) == (valid ? HeaderStatus::Valid : HeaderStatus::Invalid));
    // An invalid first byte is rejected without waiting for more bytes.
    CHECK(Parse(std::string(1, static_cast<char>(first))) ==
          (valid ? HeaderStatus::Incomplete : HeaderStatus::Invalid));
  }
}

TEST_CASE("The bits of a header become its fields") {
  FrameHeader header;
  REQUIRE(ParseFrameHeader(MakeHeader(0x41, 0, 0, true), header) == HeaderStatus::Valid);
  CHECK(header.opcode == Opcode::Text);
  CHECK_FALSE(header.fin);
  CHECK(header.compressed);
  REQUIRE(ParseFrameHeader(MakeHeader(0x80, 0, 0, false), header) == HeaderStatus::Valid);
  CHECK(header.opcode == Opcode::Continuation);
  CHECK(header.fin);
  CHECK_FALSE(header.compressed);
  CHECK_FALSE(header.masked);
}

TEST_CASE("A control frame has at most 125 bytes") {
  for (const unsigned opcode : {8U, 9U, 10U}) {
    CHECK(Parse(MakeHeader(0x80 | opcode, 125, 0, true)) == HeaderStatus::Valid);
    CHECK(Parse(MakeHeader(0x80 | opcode, 126, 126, true)) == HeaderStatus::Invalid);
    CHECK(Parse(MakeHeader(0x80 | opcode, 127, 0x10000, true)) == HeaderStatus::Invalid);
    CHECK(Parse(MakeHeader(0x80 | opcode, 126, 0, true).substr(0, 2)) == HeaderStatus::Invalid);
  }
}

TEST_CASE("A length that is not in the shortest form is invalid") {
  for (const bool masked : {false, true}) {
    for (const std::uint64_t payload : {0u, 1u, 125u})
      CHECK(Parse(MakeHeader(0x82, 126, payload, masked)) == HeaderStatus::Invalid);
    for (const std::uint64_t payload : {0u, 125u, 126u, 0xFFFFu})
      CHECK(Parse(MakeHeader(0x82, 127, payload, masked)) == HeaderStatus::Invalid);
  }
}

TEST_CASE("A length of 2^63 or more is invalid") {
  for (const std::uint64_t payload : {longest + 1, longest + 2, ~std::uint64_t{0}}) {
    CHECK(Parse(MakeHeader(0x82, 127, payload, true)) == HeaderStatus::Invalid);
  }
}

TEST_CASE("An invalid length is reported before the masking key has arrived") {
  CHECK(Parse(MakeHeader(0x82, 126, 125, true).substr(0, 4)) == HeaderStatus::Invalid);
  CHECK(Parse(MakeHeader(0x82, 126, 126, true).substr(0, 4)) == HeaderStatus::Incomplete);
  CHECK(Parse(MakeHeader(0x82, 127, longest + 1, true).substr(0, 10)) == HeaderStatus::Invalid);
}

TEST_CASE("AppendFrameHeader writes the shortest form, and ParseFrameHeader parses it") {
  for (const Opcode opcode :
       {Opcode::Continuation, Opcode::Text, Opcode::Binary, Opcode::Close, Opcode::Ping, Opcode::Pong}) {
    for (const std::size_t payload :
         {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{126}, std::size_t{255}, std::size_t{256},
          std::size_t{0xFFFF}, std::size_t{0x10000}, std::size_t{1} << 40}) {
      if (IsControl(opcode) && payload > max_control_bytes) continue;
      std::string out = "before";
      AppendFrameHeader(out, opcode, payload);
      REQUIRE(out.starts_with("before"));
      FrameHeader header;
      REQUIRE(ParseFrameHeader(std::string_view(out).substr(6), header) == HeaderStatus::Valid);
      CHECK(header.opcode == opcode);
      CHECK(header.fin);
      CHECK_FALSE(header.masked);
      CHECK_FALSE(header.compressed);
      CHECK(header.payload == payload);
      CHECK(header.size == out.size() - 6);
    }
  }
}

TEST_CASE("A message is one frame, or a first frame and its continuations up to the last one") {
  const auto frame = [](Opcode opcode, bool fin) { return FrameHeader{opcode, fin, false, true, 0, 0}; };
  FrameOrder order;
  CHECK_FALSE(order.Accept(frame(Opcode::Continuation, true)));
  CHECK(order.Accept(frame(Opcode::Text, true)));
  CHECK_FALSE(order.IsInMessage());
  CHECK(order.Accept(frame(Opcode::Binary, false)));
  CHECK(order.IsInMessage());
  CHECK_FALSE(order.Accept(frame(Opcode::Text, true)));
  CHECK_FALSE(order.Accept(frame(Opcode::Binary, false)));
  for (const Opcode control : {Opcode::Ping, Opcode::Pong, Opcode::Close}) {
    CHECK(order.Accept(frame(control, true)));
    CHECK(order.IsInMessage());
  }
  CHECK(order.Accept(frame(Opcode::Continuation, false)));
  CHECK(order.IsInMessage());
  CHECK(order.Accept(frame(Opcode::Continuation, true)));
  CHECK_FALSE(order.IsInMessage());
  CHECK_FALSE(order.Accept(frame(Opcode::Continuation, false)));
}

TEST_CASE("Unmasking a payload piece by piece gives the same result as at once") {
  std::string masked, plain;
  for (int i = 0; i < 100; ++i) {
    plain += static_cast<char>(i * 7);
    masked += static_cast<char>(plain.back() ^ "\x01\x80\x33\xFF"[i % 4]);
  }
  for (std::size_t piece = 1; piece <= masked.size(); ++piece) {
    Mask mask(std::string_view("\x81\xE4\x01\x80\x33\xFF", 6));
    std::string out = "before";
    for (std::size_t at = 0; at < masked.size(); at += piece)
      mask.Append(std::string_view(masked).substr(at, piece), out);
    REQUIRE(out == "before" + plain);
  }
}
