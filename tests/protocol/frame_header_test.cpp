#include "ws/detail/protocol/frame_header.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

constexpr std::uint64_t longest = (std::uint64_t{1} << 63) - 1;

/// The head of a frame as its octets say, whether or not it is allowed; `length` is the 7-bit one.
std::string Head(unsigned first, unsigned length, std::uint64_t extended, bool masked) {
  std::string head{static_cast<char>(first), static_cast<char>(length | (masked ? 0x80U : 0U))};
  const int bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) head += static_cast<char>(extended >> shift);
  return masked ? head + "MASK" : head;
}

HeaderVerdict Read(std::string_view input) {
  FrameHeader header;
  return ReadFrameHeader(input, header);
}

}  // namespace

TEST_CASE("Every length form is read, masked and not") {
  for (const bool masked : {false, true}) {
    for (const std::uint64_t payload :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{125}, std::uint64_t{126}, std::uint64_t{127},
          std::uint64_t{0xFFFF}, std::uint64_t{0x10000}, std::uint64_t{1} << 40, longest}) {
      const unsigned length = payload < 126 ? static_cast<unsigned>(payload) : payload <= 0xFFFF ? 126 : 127;
      const std::string head = Head(0x82, length, payload, masked);
      FrameHeader header;
      INFO(payload);
      REQUIRE(ReadFrameHeader(head + "payload", header) == HeaderVerdict::Valid);
      CHECK(header.opcode == Opcode::Binary);
      CHECK(header.fin);
      CHECK(header.masked == masked);
      CHECK(header.payload == payload);
      CHECK(header.size == head.size());
    }
  }
}

TEST_CASE("A head cut at any octet is incomplete") {
  for (const bool masked : {false, true}) {
    for (const std::string& head :
         {Head(0x81, 125, 0, masked), Head(0x81, 126, 126, masked), Head(0x81, 127, 0x10000, masked),
          Head(0x01, 127, longest, masked), Head(0x89, 0, 0, masked), Head(0xC1, 126, 0xFFFF, masked)}) {
      for (std::size_t size = 0; size < head.size(); ++size)
        CHECK(Read(head.substr(0, size)) == HeaderVerdict::Incomplete);
      CHECK(Read(head) == HeaderVerdict::Valid);
    }
  }
}

TEST_CASE("Every first octet is judged as the RFC says") {
  for (unsigned first = 0; first < 256; ++first) {
    const unsigned opcode = first & 0xFU;
    const bool fin = (first & 0x80U) != 0, compressed = (first & 0x40U) != 0, reserved = (first & 0x30U) != 0;
    const bool data = opcode <= 2, control = opcode >= 8 && opcode <= 10;
    const bool valid =
        !reserved && (data || control) && !(control && (!fin || compressed)) && !(opcode == 0 && compressed);
    INFO(first);
    CHECK(Read(Head(first, 5, 0, true)) == (valid ? HeaderVerdict::Valid : HeaderVerdict::Invalid));
    // What the first octet alone condemns is not waited for.
    CHECK(Read(std::string(1, static_cast<char>(first))) ==
          (valid ? HeaderVerdict::Incomplete : HeaderVerdict::Invalid));
  }
}

TEST_CASE("The octets of a head become its fields") {
  FrameHeader header;
  REQUIRE(ReadFrameHeader(Head(0x41, 0, 0, true), header) == HeaderVerdict::Valid);
  CHECK(header.opcode == Opcode::Text);
  CHECK_FALSE(header.fin);
  CHECK(header.compressed);
  REQUIRE(ReadFrameHeader(Head(0x80, 0, 0, false), header) == HeaderVerdict::Valid);
  CHECK(header.opcode == Opcode::Continuation);
  CHECK(header.fin);
  CHECK_FALSE(header.compressed);
  CHECK_FALSE(header.masked);
}

TEST_CASE("A control frame holds 125 bytes at most") {
  for (const unsigned opcode : {8U, 9U, 10U}) {
    CHECK(Read(Head(0x80 | opcode, 125, 0, true)) == HeaderVerdict::Valid);
    CHECK(Read(Head(0x80 | opcode, 126, 126, true)) == HeaderVerdict::Invalid);
    CHECK(Read(Head(0x80 | opcode, 127, 0x10000, true)) == HeaderVerdict::Invalid);
    CHECK(Read(Head(0x80 | opcode, 126, 0, true).substr(0, 2)) == HeaderVerdict::Invalid);
  }
}

TEST_CASE("A length in a longer form than it needs is invalid") {
  for (const bool masked : {false, true}) {
    for (const std::uint64_t payload : {0u, 1u, 125u})
      CHECK(Read(Head(0x82, 126, payload, masked)) == HeaderVerdict::Invalid);
    for (const std::uint64_t payload : {0u, 125u, 126u, 0xFFFFu})
      CHECK(Read(Head(0x82, 127, payload, masked)) == HeaderVerdict::Invalid);
  }
}

TEST_CASE("A length of 2^63 or more is invalid") {
  for (const std::uint64_t payload : {longest + 1, longest + 2, ~std::uint64_t{0}}) {
    CHECK(Read(Head(0x82, 127, payload, true)) == HeaderVerdict::Invalid);
  }
}

TEST_CASE("A wrong length is told before the mask has come") {
  CHECK(Read(Head(0x82, 126, 125, true).substr(0, 4)) == HeaderVerdict::Invalid);
  CHECK(Read(Head(0x82, 126, 126, true).substr(0, 4)) == HeaderVerdict::Incomplete);
  CHECK(Read(Head(0x82, 127, longest + 1, true).substr(0, 10)) == HeaderVerdict::Invalid);
}

TEST_CASE("What AppendFrameHeader writes is read back, in the shortest form") {
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
      REQUIRE(ReadFrameHeader(std::string_view(out).substr(6), header) == HeaderVerdict::Valid);
      CHECK(header.opcode == opcode);
      CHECK(header.fin);
      CHECK_FALSE(header.masked);
      CHECK_FALSE(header.compressed);
      CHECK(header.payload == payload);
      CHECK(header.size == out.size() - 6);
    }
  }
}

TEST_CASE("A message is one frame, or a first one and its continuations up to the last") {
  const auto frame = [](Opcode opcode, bool fin) { return FrameHeader{opcode, fin, false, true, 0, 0}; };
  FrameOrder order;
  CHECK_FALSE(order.Accept(frame(Opcode::Continuation, true)));
  CHECK(order.Accept(frame(Opcode::Text, true)));
  CHECK_FALSE(order.InMessage());
  CHECK(order.Accept(frame(Opcode::Binary, false)));
  CHECK(order.InMessage());
  CHECK_FALSE(order.Accept(frame(Opcode::Text, true)));
  CHECK_FALSE(order.Accept(frame(Opcode::Binary, false)));
  for (const Opcode control : {Opcode::Ping, Opcode::Pong, Opcode::Close}) {
    CHECK(order.Accept(frame(control, true)));
    CHECK(order.InMessage());
  }
  CHECK(order.Accept(frame(Opcode::Continuation, false)));
  CHECK(order.InMessage());
  CHECK(order.Accept(frame(Opcode::Continuation, true)));
  CHECK_FALSE(order.InMessage());
  CHECK_FALSE(order.Accept(frame(Opcode::Continuation, false)));
}

TEST_CASE("A payload is unmasked piece by piece as it is whole") {
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
