#include "ws/detail/protocol/json_reader.hpp"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/json_text_generator.hpp"
#include "support/same_json.hpp"

using nlohmann::json;
using namespace ws::protocol;

namespace {

// Checks that the tree equals nlohmann's tree, including the types of numbers.
void CheckRead(const std::string& text) {
  INFO(text.substr(0, 100));
  REQUIRE(ScanJson(text, JsonScanner::depth_ceiling).error == ScanError::None);
  CHECK(ws::test::IsSame(ReadJson(text), json::parse(text)));
}

}  // namespace

TEST_CASE("Each type of value is read, with whitespace around it") {
  for (const char* text : {"null", "true", "false", "0", "\"\"", "[]", "{}", " [ ] ", "\r\n\t {\n}\t", "[1 , 2,3]",
                           "{\"a\" : 1 , \"b\":[{}]}", "[[],[[]],{\"\":{}}]", "\"text\"", "[true,false,null]"}) {
    CheckRead(text);
  }
  CHECK(ReadJson("").is_null());
}

TEST_CASE("Numbers keep their type and their exact value") {
  for (const char* text : {"0",
                           "-0",
                           "-1",
                           "18446744073709551615",
                           "18446744073709551616",
                           "9223372036854775808",
                           "-9223372036854775808",
                           "-9223372036854775809",
                           "0.0",
                           "-0.0",
                           "1e0",
                           "-1E+2",
                           "1e-2",
                           "0.1",
                           "1.7976931348623157e308",
                           "2.2250738585072014e-308",
                           "2.2250738585072011e-308",
                           "4.9406564584124654e-324",
                           "2.4703282292062327e-324",
                           "2.4703282292062328e-324",
                           "-1e-400",
                           "1e-400",
                           "9007199254740993",
                           "9007199254740993.0",
                           "0.30000000000000004",
                           "123456789012345678901234567890",
                           "1e23",
                           "8.5e-5"}) {
    CheckRead(text);
    CheckRead(std::string("[") + text + "]");
  }
  CheckRead("0." + std::string(1000, '1'));
  CheckRead("0." + std::string(1000, '0') + "1e1000");
}

TEST_CASE("The escapes in strings and names are decoded") {
  for (const char* text : {R"("a\"b\\\/\b\f\n\r\t")", R"("\u00e9\u0000\ud83d\ude00")", "\"\xC3\xA9\xF0\x9F\x98\x80\"",
                           R"({"\u0061":1,"b\\":2,"\"":3})", R"("\\")", R"(["\\","\""])"}) {
    CheckRead(text);
  }
}

TEST_CASE("The last of duplicate names wins") {
  CheckRead(R"({"b":1,"a":{"x":1},"b":[2],"a":"last"})");
  CheckRead(R"({"a":1,"\u0061":2})");
}

TEST_CASE("The deepest allowed nesting is read") {
  const std::size_t depth = JsonScanner::depth_ceiling;
  CheckRead(std::string(depth, '[') + std::string(depth, ']'));
}

TEST_CASE("The reader builds the same trees as nlohmann from 100,000 random texts") {
  ws::test::JsonTextGenerator maker;
  int read = 0;
  for (int round = 0; round < 100'000; ++round) {
    const std::string text = maker.Generate();
    if (ScanJson(text, JsonScanner::depth_ceiling).error != ScanError::None) continue;
    ++read;
    if (!ws::test::IsSame(ReadJson(text), json::parse(text))) FAIL(text);
  }
  CHECK(read > 10'000);
}
