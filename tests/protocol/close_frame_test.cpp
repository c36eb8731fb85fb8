#include "ws/detail/protocol/close_frame.hpp"

#include <string>

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

std::string Payload(unsigned code, std::string_view text = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(text);
}

/// RFC 6455 7.4 and IANA's registry of close codes.
bool MayStandInAFrame(unsigned code) {
  if (code >= 3000 && code < 5000) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

TEST_CASE("Of all 65,536 codes those stand in a frame that are registered or an application's") {
  for (unsigned code = 0; code < 65'536; ++code) {
    const bool expected = MayStandInAFrame(code);
    const bool right = IsSendableCode(static_cast<std::uint16_t>(code)) == expected &&
                       ReadCloseFrame(Payload(code)).has_value() == expected &&
                       MakeClosePayload(static_cast<std::uint16_t>(code), "x").empty() != expected;
    if (!right) FAIL("code " << code);
  }
}

TEST_CASE("An empty payload is a close without a status") {
  const auto frame = ReadCloseFrame("");
  REQUIRE(frame);
  CHECK(frame->code == no_status_code);
  CHECK(frame->text.empty());
}

TEST_CASE("A payload of one octet breaks the protocol") {
  CHECK_FALSE(ReadCloseFrame("\x03"));
}

TEST_CASE("The text behind the code must be UTF-8") {
  const std::string payload = Payload(1000, "bye \xC3\xA9");
  const auto frame = ReadCloseFrame(payload);
  REQUIRE(frame);
  CHECK(frame->code == 1000);
  CHECK(frame->text == "bye \xC3\xA9");
  for (const char* text : {"\xC3", "\xED\xA0\x80", "\xFF", "ok\x80"}) CHECK_FALSE(ReadCloseFrame(Payload(1000, text)));
}

TEST_CASE("What is made is read back") {
  for (const unsigned code : {1000U, 1001U, 1008U, 1013U, 3000U, 3008U, 4999U}) {
    const std::string payload = MakeClosePayload(static_cast<std::uint16_t>(code), "why");
    const auto frame = ReadCloseFrame(payload);
    REQUIRE(frame);
    CHECK(frame->code == code);
    CHECK(frame->text == "why");
  }
  CHECK(MakeClosePayload(1000, "") == Payload(1000));
}

TEST_CASE("A long text is cut to fit the frame, between characters") {
  CHECK(MakeClosePayload(1000, std::string(123, 'x')).size() == 125);
  CHECK(MakeClosePayload(1000, std::string(124, 'x')) == Payload(1000, std::string(123, 'x')));
  for (const std::string character : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (std::size_t before = 118; before <= 124; ++before) {
      const std::string payload = MakeClosePayload(1000, std::string(before, 'x') + character + "tail");
      CHECK(payload.size() <= 125);
      CHECK(payload.size() > 125 - character.size());
      CHECK(ReadCloseFrame(payload));
    }
  }
}

TEST_CASE("A text that is no UTF-8 is mended before it is sent, and fits though it grows") {
  CHECK(MakeClosePayload(1000, "a\xFFz") == Payload(1000, "a\xEF\xBF\xBDz"));
  const std::string grown = MakeClosePayload(1000, std::string(123, '\xFF'));
  CHECK(grown.size() == 125);
  CHECK(ReadCloseFrame(grown));
}
