#include "ws/detail/protocol/json_scanner.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/json_text_generator.hpp"
#include "support/reference_envelope.hpp"

using namespace ws::protocol;
using nlohmann::json;

namespace {

bool IsJson(std::string_view text) {
  return ScanJson(text, JsonScanner::depth_ceiling).error == ScanError::None;
}

// Checks the scanner's result, and that nlohmann gives the same result.
void CheckIsJson(std::string_view text, bool expected) {
  INFO(text.substr(0, 100));
  CHECK(IsJson(text) == expected);
  CHECK(!ws::test::ParseStrictly(text, JsonScanner::depth_ceiling).is_discarded() == expected);
}

std::string Repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (; times > 0; --times) result += text;
  return result;
}

}  // namespace

TEST_CASE("Each type of value is accepted, with whitespace around it") {
  for (const char* text : {"null", "true", "false", "0", "\"\"", "[]", "{}", " [ ] ", "\r\n\t {\n}\t", "[1,2,3]",
                           "{\"a\":1,\"b\":[{}]}", "[[],[[]],{\"\":{}}]", "{\"a\":1,\"a\":2}"}) {
    CheckIsJson(text, true);
  }
}

TEST_CASE("Invalid structure is rejected") {
  for (const char* text :
       {"", " ", "[", "]", "[}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[:]", "[1}", "[{]}"}) {
    CheckIsJson(text, false);
  }
  for (const char* text : {"{", "}", "{]", "{,}", "{a:1}", "{1:1}", R"({"a"})", R"({"a":})", R"({"a":1,})",
                           R"({"a" 1})", R"({"a":1 "b":2})", R"({"a":1])"}) {
    CheckIsJson(text, false);
  }
  for (const char* text : {"1 2", "null,", "// 1", "[1]//", "'a'", "[1,,2]", "\v1", "\xC2\xA0 1"}) {
    CheckIsJson(text, false);
  }
}

TEST_CASE("Only the three literals are accepted, and only in full") {
  for (const char* text :
       {"n", "nul", "nulL", "Null", "nullx", "tru", "truee", "fals", "NaN", "Infinity", "-Infinity", "undefined"}) {
    CheckIsJson(text, false);
  }
}

TEST_CASE("Numbers must follow the grammar") {
  for (const char* text : {"0", "-0", "10", "-1", "0.0", "1.5", "1e5", "1E+5", "1e-5", "1.25e05", "0e0",
                           "18446744073709551616", "-9223372036854775809"}) {
    CheckIsJson(text, true);
  }
  for (const char* text : {"-", "+1", "01", "-01", "1.", ".5", "-.5", "1e", "1e+", "1.e5", "0x10", "1_000", "--1",
                           "1..2", "1e5.0", "1e5e5", "1a", "00"}) {
    CheckIsJson(text, false);
  }
}

TEST_CASE("A number that overflows a double is rejected") {
  CheckIsJson("1.7976931348623157e308", true);
  CheckIsJson("1.7976931348623158e308", true);
  CheckIsJson("1.7976931348623159e308", false);
  CheckIsJson("-1.7976931348623159E+308", false);
  CheckIsJson("1e400", false);
  CheckIsJson("[1e309]", false);
  CheckIsJson("1e308", true);
  CheckIsJson("0.00001e313", true);
  CheckIsJson("0.00001e314", false);
  CheckIsJson("1e99999999999999999999999999", false);
  CheckIsJson("0e99999999999999999999999999", true);
  CheckIsJson("0.000e99999999999999999999999999", true);
  CheckIsJson("1e-99999999999999999999999999", true);
  CheckIsJson(std::string(309, '1'), true);
  CheckIsJson(std::string(309, '2'), false);
  CheckIsJson(std::string(310, '1'), false);
  CheckIsJson(std::string(100'000, '1'), false);
  CheckIsJson("0." + std::string(100'000, '1'), true);
  CheckIsJson("0." + std::string(100'000, '0') + "1e100309", true);
  CheckIsJson("0." + std::string(100'000, '0') + "1e100310", false);
}

TEST_CASE("The smallest number that overflows is found exactly, to its last digit") {
  // 2^1024 - 2^970: half-way between the largest double and the next one that a larger exponent would allow. It rounds
  // up, so it overflows.
  const std::string edge =
      "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096"
      "3"
      "302864166928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302"
      "7"
      "006985557136695962284291481986083493647529271907416844436551070434271155969950809304288017790417449779"
      "2";
  CheckIsJson(edge, false);
  CheckIsJson(edge + ".0", false);
  CheckIsJson("0." + edge + "e309", false);
  std::string below = edge;
  below.back() = '1';
  CheckIsJson(below, true);
  CheckIsJson(below + ".999e0", true);
}

TEST_CASE("Strings must be valid UTF-8 without control characters") {
  for (const char* text :
       {"\"a\"", "\"\x7F\"", "\"\xC3\xA9\"", "\"\xE2\x80\xA8\"", "\"\xF0\x9F\x98\x80\"", "\"\xEF\xBF\xBF\""}) {
    CheckIsJson(text, true);
  }
  for (const char* text : {"\"", "\"a", "\"\n\"", "\"\x1F\"", "\"\x80\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"",
                           "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "\"\xFF\"", "\xFF"}) {
    CheckIsJson(text, false);
  }
  CheckIsJson(std::string_view("\"\0\"", 3), false);
}

TEST_CASE("Escapes must follow the grammar, and surrogates must come in pairs") {
  for (const char* text :
       {R"("\"\\\/\b\f\n\r\t")", R"("\u0000")", R"("\uFFFF\uabcd")", R"("\ud83d\uDE00")", R"("\uD7FF\uE000")"}) {
    CheckIsJson(text, true);
  }
  for (const char* text : {R"("\")", R"("\x")", R"("\U0041")", R"("\u")", R"("\u12")", R"("\u12G4")", R"("\u-123")",
                           R"("\u0x12")", R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")",
                           R"("\ud800\n")", R"("\ud800\u0041")", R"("\ud800\u")", R"("\ud800\)", R"("\u00)", R"("\)"}) {
    CheckIsJson(text, false);
  }
}

TEST_CASE("An invalid byte in a string is found at every position") {
  for (std::size_t position = 0; position < 40; ++position) {
    for (const char* invalid : {"\x1F", "\x80", "\xFF", "\\", "\n"}) {
      CheckIsJson("\"" + std::string(position, 'x') + invalid + std::string(40 - position, 'x') + "\"", false);
    }
    CheckIsJson("\"" + std::string(position, 'x') + "\"", true);
    CheckIsJson("\"" + std::string(position, 'x') + "\xC3\xA9\\n!#[]~ \x7F\"", true);
  }
}

TEST_CASE("A byte order mark is a syntax error, unlike in nlohmann") {
  const ScanResult result = ScanJson("\xEF\xBB\xBF{}");
  CHECK(result.error == ScanError::Syntax);
  CHECK(result.offset == 0);
  CHECK(json::accept("\xEF\xBB\xBF{}"));
}

TEST_CASE("A NUL after the value is a syntax error, unlike in nlohmann") {
  const std::string_view text("{}\0x", 4);
  CHECK(ScanJson(text).error == ScanError::Syntax);
  CHECK(ScanJson(text).offset == 2);
  CHECK(json::accept(text));
}

TEST_CASE("The offset is the position at which the scan stopped") {
  CHECK(ScanJson("[1,x]").offset == 3);
  CHECK(ScanJson("{\"a\":1}}").offset == 7);
  CHECK(ScanJson("\"ab\xFF\"").offset == 3);
  CHECK(ScanJson("[tru]").offset == 1);
  CHECK(ScanJson("[1").offset == 2);
  CHECK(ScanJson("[[[[", 2).offset == 2);
  CHECK(ScanJson("[1]").offset == 3);
}

TEST_CASE("The depth counts from the top-level array or object and is limited by max_depth") {
  const auto nested = [](std::size_t depth) { return Repeat("[", depth) + Repeat("]", depth); };
  CHECK(ScanJson(nested(64)).error == ScanError::None);
  CHECK(ScanJson(nested(65)).error == ScanError::TooDeep);
  CHECK(ScanJson(nested(1), 1).error == ScanError::None);
  CHECK(ScanJson(nested(2), 1).error == ScanError::TooDeep);
  CHECK(ScanJson("1", 0).error == ScanError::None);
  CHECK(ScanJson("[]", 0).error == ScanError::TooDeep);
  CHECK(ScanJson(Repeat("{\"a\":", 64) + "1" + Repeat("}", 64)).error == ScanError::None);
  CHECK(ScanJson(Repeat("{\"a\":", 65) + "1" + Repeat("}", 65)).error == ScanError::TooDeep);
  CHECK(ScanJson(Repeat("[{\"a\":", 512) + "1" + Repeat("}]", 512), 100'000).error == ScanError::None);
  CHECK(ScanJson(nested(JsonScanner::depth_ceiling + 1), 100'000).error == ScanError::TooDeep);
  CHECK(ScanJson("[" + Repeat("[],", 1000) + "[]]", 2).error == ScanError::None);
}

TEST_CASE("A million levels are rejected faster than nlohmann parses a flat text of that size") {
  const auto measure = [](const auto& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::steady_clock::now() - begin;
  };
  const std::string flat = "[" + Repeat("0,", 500'000) + "0]";
  const auto limit = measure([&] { CHECK(json::accept(flat)); });
  for (const char* level : {"[", "{\"a\":"}) {
    const std::string deep = Repeat(level, 1'000'000);
    CHECK(measure([&] { CHECK(ScanJson(deep).error == ScanError::TooDeep); }) < limit);
  }
}

TEST_CASE("A text can be scanned piece by piece") {
  JsonScanner scanner{R"( { "k\u00e9y" : [1, {}] , "b":" x" } )"};
  std::string_view raw;
  bool has_escape = false;
  REQUIRE(scanner.Accept('{'));
  CHECK_FALSE(scanner.Accept('}'));
  REQUIRE(scanner.ScanKey(raw, has_escape));
  CHECK(raw == "k\\u00e9y");
  CHECK(has_escape);
  REQUIRE(scanner.ScanValue(raw, 1));
  CHECK(raw == "[1, {}]");
  REQUIRE(scanner.Expect(','));
  REQUIRE(scanner.ScanKey(raw, has_escape));
  CHECK(raw == "b");
  CHECK_FALSE(has_escape);
  REQUIRE(scanner.ScanValue(raw, 1));
  CHECK(raw == "\" x\"");
  REQUIRE(scanner.Expect('}'));
  CHECK(scanner.ExpectEnd());
  CHECK(scanner.Result().error == ScanError::None);
}

TEST_CASE("The scanner accepts the same texts as nlohmann, on 300,000 random and damaged texts") {
  ws::test::JsonTextGenerator maker;
  int accepted = 0;
  constexpr int rounds = 300'000;
  for (int round = 0; round < rounds; ++round) {
    const std::string text = maker.Generate();
    const bool expected = !ws::test::ParseStrictly(text, JsonScanner::depth_ceiling).is_discarded();
    accepted += expected;
    if (IsJson(text) != expected)
      FAIL("round " << round << ": " << json(text).dump(-1, ' ', true, json::error_handler_t::replace));
  }
  // The comparison is meaningful only if many texts are accepted and many are rejected.
  CHECK(accepted > rounds / 10);
  CHECK(accepted < rounds * 9 / 10);
}
