#include "ws/detail/protocol/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

using namespace ws::protocol;
using nlohmann::json;

namespace {

// Returns the text after nlohmann's serialiser has replaced invalid UTF-8.
std::string ReplaceByReference(const std::string& text) {
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace)).get<std::string>();
}

// Returns random bytes. Most of them are at the edges of the ranges of valid sequences.
std::string RandomBytes(std::mt19937& random) {
  constexpr std::string_view edges =
      "aZ\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xE1\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5\xFF";
  std::string bytes;
  for (auto count = random() % 24; count > 0; --count) {
    bytes += random() % 4 == 0 ? static_cast<char>(random() % 256) : edges[random() % edges.size()];
  }
  return bytes;
}

}  // namespace

TEST_CASE("Valid characters of every length are UTF-8") {
  for (const char* text : {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    INFO(text);
    CHECK(IsValidUtf8(text));
    CHECK(ReplaceInvalidUtf8(text) == text);
  }
  CHECK(IsValidUtf8(std::string(1, '\0')));
}

TEST_CASE("Overlong forms, surrogates, stray and missing bytes, and code points above U+10FFFF are not UTF-8") {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE0\xA0", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
    INFO(json(text).dump(-1, ' ', true, json::error_handler_t::replace));
    CHECK_FALSE(IsValidUtf8(text));
  }
}

TEST_CASE("An invalid byte is found at every position of a long text") {
  for (std::size_t position = 0; position < 40; ++position) {
    std::string text(40, 'x');
    text[position] = '\xFF';
    CHECK_FALSE(IsValidUtf8(text));
    CHECK(ReplaceInvalidUtf8(text).size() == 42);
  }
}

TEST_CASE("Each maximal invalid subpart becomes one replacement character") {
  CHECK(ReplaceInvalidUtf8("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(ReplaceInvalidUtf8("\xE2\x82z") == "\xEF\xBF\xBDz");
  CHECK(ReplaceInvalidUtf8("\xF0\x9F\x98") == "\xEF\xBF\xBD");
  CHECK(ReplaceInvalidUtf8("\xE0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(ReplaceInvalidUtf8("\xF0\x9F\xF0\x9F\x98\x80") == "\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

TEST_CASE("100,000 random texts are checked and repaired like nlohmann does") {
  std::mt19937 random(1);
  for (int round = 0; round < 100'000; ++round) {
    const std::string text = RandomBytes(random);
    const std::string expected = ReplaceByReference(text);
    const std::string actual = ReplaceInvalidUtf8(text);
    const bool agrees = actual == expected && IsValidUtf8(text) == (text == expected) && IsValidUtf8(actual);
    if (!agrees) FAIL("round " << round);
  }
}

TEST_CASE("MayBecomeUtf8 is true exactly if some following bytes complete the character") {
  constexpr std::string_view following = "\x80\x8F\x90\x9F\xA0\xBF";
  const auto completed_by = [&](const std::string& text, auto& again, int more) -> bool {
    for (const char byte : following) {
      if (IsValidUtf8(text + byte) || (more > 1 && again(text + byte, again, more - 1))) return true;
    }
    return false;
  };
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = RandomBytes(random);
    text.resize(std::min<std::size_t>(text.size(), 3));
    if (text.empty() || IsValidUtf8(text) || ReadUtf8(text.data(), text.data() + text.size()).valid) continue;
    if (MayBecomeUtf8(text.data(), text.data() + text.size()) != completed_by(text, completed_by, 3))
      FAIL("round " << round);
  }
}

TEST_CASE("A code point is written in as many bytes as it needs") {
  const auto written = [](std::uint32_t code) {
    std::string out;
    AppendUtf8(out, code);
    return out;
  };
  CHECK(written(0) == std::string(1, '\0'));
  CHECK(written(0x7F) == "\x7F");
  CHECK(written(0x80) == "\xC2\x80");
  CHECK(written(0x7FF) == "\xDF\xBF");
  CHECK(written(0x800) == "\xE0\xA0\x80");
  CHECK(written(0xFFFF) == "\xEF\xBF\xBF");
  CHECK(written(0x10000) == "\xF0\x90\x80\x80");
  CHECK(written(0x10FFFF) == "\xF4\x8F\xBF\xBF");
}
