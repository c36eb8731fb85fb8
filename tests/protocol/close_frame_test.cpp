#include "ws/detail/protocol/close_frame.hpp"

#include <string>

#include "support/catch.hpp"

using namespace ws::protocol;

namespace {

std::string Payload(unsigned code, std::string_view text = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(text);
}

// RFC 6455 section 7.4 and IANA's registry of close codes.
bool IsAllowedInFrame(unsigned code) {
  if (code >= 3000 && code < 5000) return true;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace

TEST_CASE("Exactly the registered codes and those for libraries and applications are allowed in a close frame") {
  for (unsigned code = 0; code < 65'536; ++code) {
    const bool expected = IsAllowedInFrame(code);
    const bool is_correct = IsSendableCode(static_cast<std::uint16_t>(code)) == expected &&
                            ParseClosePayload(Payload(code)).has_value() == expected &&
                            MakeClosePayload(static_cast<std::uint16_t>(code), "x").empty() != expected;
    if (!is_correct) FAIL("code " << code);
  }
}

TEST_CASE("An empty payload is a close frame without a status code") {
  const auto frame = ParseClosePayload("");
  REQUIRE(frame);
  CHECK(frame->code == close_code::no_status_received);
  CHECK(frame->text.empty());
}

TEST_CASE("A payload of one byte violates the protocol") {
  CHECK_FALSE(ParseClosePayload("\x03"));
}

TEST_CASE("The text after the code must be UTF-8") {
  const std::string payload = Payload(1000, "bye \xC3\xA9");
  const auto frame = ParseClosePayload(payload);
  REQUIRE(frame);
  CHECK(frame->code == 1000);
  CHECK(frame->text == "bye \xC3\xA9");
  for (const char* text : {"\xC3", "\xED\xA0\x80", "\xFF", "ok\x80"})
    CHECK_FALSE(ParseClosePayload(Payload(1000, text)));
}

TEST_CASE("MakeClosePayload and ParseClosePayload round-trip code and text") {
  for (const unsigned code : {1000U, 1001U, 1008U, 1013U, 3000U, 3008U, 4999U}) {
    const std::string payload = MakeClosePayload(static_cast<std::uint16_t>(code), "why");
    const auto frame = ParseClosePayload(payload);
    REQUIRE(frame);
    CHECK(frame->code == code);
    CHECK(frame->text == "why");
  }
  CHECK(MakeClosePayload(1000, "") == Payload(1000));
}

TEST_CASE("A text that is too long is cut between two characters") {
  CHECK(MakeClosePayload(1000, std::string(123, 'x')).size() == 125);
  CHECK(MakeClosePayload(1000, std::string(124, 'x')) == Payload(1000, std::string(123, 'x')));
  for (const std::string character : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (std::size_t before = 118; before <= 124; ++before) {
      const std::string payload = MakeClosePayload(1000, std::string(before, 'x') + character + "tail");
      CHECK(payload.size() <= 125);
      CHECK(payload.size() > 125 - character.size());
      CHECK(ParseClosePayload(payload));
    }
  }
}

TEST_CASE("Invalid UTF-8 in the text is replaced before the text is cut") {
  CHECK(MakeClosePayload(1000, "a\xFFz") == Payload(1000, "a\xEF\xBF\xBDz"));
  const std::string grown = MakeClosePayload(1000, std::string(123, '\xFF'));
  CHECK(grown.size() == 125);
  CHECK(ParseClosePayload(grown));
}
