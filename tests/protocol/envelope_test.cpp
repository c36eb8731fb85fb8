#include "ws/detail/protocol/envelope.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/reference_envelope.hpp"

using namespace ws::protocol;

namespace {

// Checks the error, and that the reference implementation gives the same result.
void CheckError(std::string_view text, EnvelopeError expected) {
  INFO(text.substr(0, 100));
  CHECK(ParseEnvelope(text).error == expected);
  CHECK(ws::test::FindDifference(text) == "");
}

void CheckValid(std::string_view text) {
  CheckError(text, EnvelopeError::None);
}
void CheckBadJson(std::string_view text) {
  CheckError(text, EnvelopeError::BadJson);
}
void CheckBadMessage(std::string_view text) {
  CheckError(text, EnvelopeError::BadMessage);
}

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("The fields of a parsed envelope are views of its text") {
  const std::string_view text = R"({"event":"echo","id":17,"data":{"n": 1}})";
  const EnvelopeResult result = ParseEnvelope(text);
  REQUIRE(result.error == EnvelopeError::None);
  CHECK(result.envelope.Event() == "echo");
  CHECK(result.envelope.id == "17");
  CHECK(result.envelope.NumericId() == 17U);
  CHECK(result.envelope.data == R"({"n": 1})");
  CHECK(result.envelope.data.data() == text.data() + text.find("{\"n"));
  CHECK(result.envelope.error.empty());
}

TEST_CASE("Whitespace, the order of members and unknown members are ignored") {
  const EnvelopeResult result =
      ParseEnvelope("\r\n{ \"x\" : [ {\"event\":1} ] ,\t\"data\":\n[1] , \"event\" : \"e\" } ");
  REQUIRE(result.error == EnvelopeError::None);
  CHECK(result.envelope.Event() == "e");
  CHECK(result.envelope.data == "[1]");
}

TEST_CASE("Missing data and null are the same, but other empty values are data") {
  CHECK(ParseEnvelope(R"({"event":"e"})").envelope.data.empty());
  CHECK(ParseEnvelope(R"({"event":"e","data":null})").envelope.data.empty());
  for (const char* data : {"false", "0", "\"\"", "[]", "{}"}) {
    CHECK(ParseEnvelope(std::string(R"({"event":"e","data":)") + data + "}").envelope.data == data);
  }
}

TEST_CASE("A reply's error is stored unless it is null") {
  CHECK(ParseEnvelope(R"({"event":"$ack","id":1,"error":{"code":"c"}})").envelope.error == R"({"code":"c"})");
  CHECK(ParseEnvelope(R"({"event":"$ack","id":1,"error":null})").envelope.error.empty());
}

TEST_CASE("The last of duplicate members wins, even if the earlier ones were invalid") {
  const EnvelopeResult result = ParseEnvelope(
      R"({"event":5,"id":-1,"data":1,"event":"a","id":null,"data":[2],"\u0065vent":"b","id":"x","error":1,"error":null})");
  REQUIRE(result.error == EnvelopeError::None);
  CHECK(result.envelope.Event() == "b");
  CHECK(result.envelope.id == "\"x\"");
  CHECK(result.envelope.data == "[2]");
  CHECK(result.envelope.error.empty());
  CHECK(ParseEnvelope(R"({"event":"e","data":1,"data":null})").envelope.data.empty());
  CheckBadMessage(R"({"event":"a","event":5})");
  CheckBadMessage(R"({"event":"a","id":1,"id":-1})");
}

TEST_CASE("Member names match exactly after their escapes are decoded") {
  CheckValid(R"({"\u0065\u0076\u0065\u006e\u0074":"e","\u0069d":4})");
  CHECK(ParseEnvelope(R"({"event":"e","\u0069d":4})").envelope.id == "4");
  for (const char* name : {"Event", "EVENT", "event ", "event\\u0000", "", "even", "events", "\\u0065vents"}) {
    CheckBadMessage(std::string("{\"") + name + "\":\"e\"}");
  }
}

TEST_CASE("The escapes in an event's name are decoded") {
  CHECK(ParseEnvelope(R"({"event":"\u0061\"\\\/\b\f\n\r\t"})").envelope.Event() == "a\"\\/\b\f\n\r\t");
  CHECK(ParseEnvelope(R"({"event":"\u00e9\u6f22\ud83d\ude00"})").envelope.Event() ==
        "\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80");
  CHECK(ParseEnvelope(R"({"event":"\u0000"})").envelope.Event() == std::string_view("\0", 1));
  CHECK(ParseEnvelope(R"({"event":"\u0024ack"})").envelope.Event() == "$ack");
}

TEST_CASE("A decoded name stays valid in a copy of the envelope") {
  Envelope copy;
  {
    const std::string text = R"({"event":"\u0061b"})";
    copy = ParseEnvelope(text).envelope;
  }
  CHECK(copy.Event() == "ab");
}

TEST_CASE("An event is a string of 1 to 256 bytes after decoding") {
  const auto message = [](const std::string& name) { return "{\"event\":\"" + name + "\"}"; };
  std::string escaped, accents;
  for (int i = 0; i < 256; ++i) escaped += "\\u0061";
  for (int i = 0; i < 128; ++i) accents += "\\u00e9";
  CheckValid(message("e"));
  CheckValid(message(std::string(256, 'x')));
  CheckValid(message(escaped));
  CheckValid(message(accents));
  CheckBadMessage(message(""));
  CheckBadMessage(message(std::string(257, 'x')));
  CheckBadMessage(message(escaped + "x"));
  CheckBadMessage(message(accents + "x"));
  CheckBadMessage(message(std::string(100'000, 'x')));
  for (const char* value : {"null", "true", "5", "[]", "{}", "[\"e\"]", "{\"event\":\"e\"}"}) {
    CheckBadMessage(std::string("{\"event\":") + value + "}");
  }
}

TEST_CASE("An id is an unsigned integer of 64 bits or a string of at most 64 bytes after decoding") {
  const auto message = [](const std::string& id) { return R"({"event":"e","id":)" + id + "}"; };
  const auto number = [&](const std::string& id) { return ParseEnvelope(message(id)).envelope.NumericId(); };
  CHECK(number("0") == 0U);
  CHECK(number("18446744073709551615") == UINT64_MAX);
  CHECK_FALSE(number("\"7\"").has_value());
  CHECK_FALSE(ParseEnvelope(R"({"event":"e"})").envelope.NumericId().has_value());

  std::string escaped;
  for (int i = 0; i < 64; ++i) escaped += "\\u0061";
  for (const std::string& id :
       {std::string("\"\""), std::string("\"7\""), '"' + std::string(64, 'x') + '"', '"' + escaped + '"'}) {
    CheckValid(message(id));
    CHECK(ParseEnvelope(message(id)).envelope.id == id);
  }
  CheckBadMessage(message('"' + std::string(65, 'x') + '"'));
  CheckBadMessage(message('"' + escaped + "x\""));
  CheckBadMessage(message('"' + std::string(100'000, 'x') + '"'));
  for (const char* id :
       {"null", "true", "false", "-1", "-0", "1.0", "1e2", "18446744073709551616", "[]", "{}", "[1]"}) {
    CheckBadMessage(message(id));
  }
}

TEST_CASE("A message with an invalid id still has its event") {
  const EnvelopeResult result = ParseEnvelope(R"({"event":"$ack","id":null})");
  CHECK(result.error == EnvelopeError::BadMessage);
  CHECK(result.envelope.Event() == "$ack");
}

TEST_CASE("A message with an invalid event still has its id if the id is valid") {
  for (const char* event : {"7", "\"\"", "null"}) {
    const std::string text = std::string(R"({"id":"a","event":)") + event + "}";
    const EnvelopeResult result = ParseEnvelope(text);
    CHECK(result.error == EnvelopeError::BadMessage);
    CHECK(result.envelope.id == "\"a\"");
  }
  CHECK(ParseEnvelope(R"({"id":5})").envelope.id == "5");
  CHECK(ParseEnvelope(R"({"id":-5})").envelope.id.empty());
  CHECK(ParseEnvelope(R"({"event":"e","id":-5})").envelope.id.empty());
  CHECK(ParseEnvelope(R"({"id":5)").envelope.id.empty());
}

TEST_CASE("JSON that is not an object with an event is a bad message") {
  for (const char* text : {"[]", "\"x\"", "null", "5", "true", "{}", " {} ", "[{\"event\":\"e\"}]", "{\"data\":1}",
                           "{\"Event\":\"echo\",\"Data\":5}", "{\"event\":null,\"data\":3}"}) {
    CheckBadMessage(text);
  }
}

TEST_CASE("Text that is not JSON is bad JSON, regardless of the position of the error") {
  for (const char* text :
       {"", " ", "{", "{\"event\":\"echo\"", "{\"event\":\"echo\",\"data\":1} trailing", "{\"event\":\"e\"}{}",
        "\xEF\xBB\xBF{\"event\":\"echo\"}", "{\"event\":\"echo\",\"data\":\"\\ud800\"}", "{\"event\":\"e\",}",
        "{\"event\":\"e\" \"id\":1}", "{,\"event\":\"e\"}", "{\"event\":\"e\",\"data\":1e400}", "{event:\"e\"}",
        "{\"event\":\"\xFF\"}", "{\"event\":\"a\nb\"}", "{\"x\":01,\"event\":\"e\"}", "event"}) {
    CheckBadJson(text);
  }
  CheckBadJson(std::string_view("{\"event\":\"e\"}\0", 14));
}

TEST_CASE("Bad JSON has priority over a bad message") {
  CheckBadJson(R"({"event":5,"id":null,"data":[})");
  CheckBadJson("[1,2");
}

TEST_CASE("The result for bad JSON has the offset and an empty envelope") {
  const EnvelopeResult result = ParseEnvelope(R"({"event":"e","id":4,"data":[x]})");
  CHECK(result.error == EnvelopeError::BadJson);
  CHECK(result.offset == 28);
  CHECK(result.envelope.Event().empty());
  CHECK(result.envelope.id.empty());
}

TEST_CASE("The envelope is level 1 of at most 64, and ignored members count too") {
  for (const char* member : {"data", "x", "id", "event"}) {
    const std::string head = std::string("{\"") + member + "\":";
    CheckError(head + Nested(63) + R"(,"event":"e","id":1})", EnvelopeError::None);
    CheckBadJson(head + Nested(64) + R"(,"event":"e","id":1})");
  }
  CheckBadMessage(Nested(64));
  CheckBadJson(Nested(65));
  CHECK(ParseEnvelope(R"({"event":"e","data":[]})", {.max_depth = 1}).error == EnvelopeError::BadJson);
  CHECK(ParseEnvelope(R"({"event":"e","data":0})", {.max_depth = 1}).error == EnvelopeError::None);
}

TEST_CASE("A binary message is split at its first NUL") {
  using namespace std::string_view_literals;
  const BinaryParts parts = SplitBinary("{}\0a\0b"sv);
  CHECK(parts.json == "{}");
  CHECK(parts.bytes == "a\0b"sv);
  CHECK(parts.has_bytes);
  CHECK(SplitBinary("{}\0"sv).has_bytes);
  CHECK(SplitBinary("{}\0"sv).bytes.empty());
  CHECK_FALSE(SplitBinary("{}").has_bytes);
  CHECK(SplitBinary("{}").json == "{}");
  CHECK(SplitBinary("").json.empty());
}

TEST_CASE("Parser and reference agree on 100,000 random envelopes") {
  constexpr std::string_view names[] = {"event", "id", "data", "error", "\\u0065vent", "i\\u0064", "x", "Event", ""};
  constexpr std::string_view values[] = {
      "\"e\"", "\"\\u0061\"", "\"$ack\"",          "\"\"", "null",        "1",      "18446744073709551615", "-1", "1.5",
      "1e400", "[1,[2]]",     "{\"event\":\"n\"}", "true", "\"\\ud800\"", "[[[]]]", "\"\xC3\xA9\""};
  std::mt19937 random(3);
  int valid = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::string text = random() % 2 == 0 ? "{" : R"({"event":"e")";
    for (auto count = random() % 4; count > 0; --count) {
      if (text.size() > 1) text += ',';
      text.append("\"")
          .append(names[random() % std::size(names)])
          .append("\":")
          .append(values[random() % std::size(values)]);
    }
    text += '}';
    if (random() % 8 == 0) text[random() % text.size()] = static_cast<char>(random() % 256);
    const std::string difference = ws::test::FindDifference(text, 3);
    if (!difference.empty()) FAIL("round " << round << ", " << difference << ": " << text);
    valid += ParseEnvelope(text).error == EnvelopeError::None;
  }
  CHECK(valid > 10'000);
}
