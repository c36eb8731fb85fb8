#include "ws/detail/protocol/envelope_writer.hpp"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "ws/detail/protocol/envelope.hpp"

using namespace ws::protocol;
using nlohmann::json;

namespace {

std::string WriteEnvelope(std::string_view event, std::string_view id_json, const json& data) {
  std::string out;
  AppendEnvelope(out, event, id_json, data);
  return out;
}

std::string WriteString(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

}  // namespace

TEST_CASE("An envelope is compact and has its keys in the order event, id, data") {
  CHECK(WriteEnvelope("sum", "17", {{"b", 1}, {"a", {1, 2.5, nullptr}}}) ==
        R"({"event":"sum","id":17,"data":{"a":[1,2.5,null],"b":1}})");
  CHECK(WriteEnvelope("sum", R"("x\u0041")", "y") == R"({"event":"sum","id":"x\u0041","data":"y"})");
}

TEST_CASE("An empty id and null data are omitted, but other empty values are written") {
  CHECK(WriteEnvelope("e", "", nullptr) == R"({"event":"e"})");
  CHECK(WriteEnvelope("e", "", {}) == R"({"event":"e"})");
  CHECK(WriteEnvelope("e", "0", nullptr) == R"({"event":"e","id":0})");
  CHECK(WriteEnvelope("e", "", json::object()) == R"({"event":"e","data":{}})");
  CHECK(WriteEnvelope("e", "", json::array()) == R"({"event":"e","data":[]})");
  CHECK(WriteEnvelope("e", "", "") == R"({"event":"e","data":""})");
  CHECK(WriteEnvelope("e", "", false) == R"({"event":"e","data":false})");
  CHECK(WriteEnvelope("e", "", 0) == R"({"event":"e","data":0})");
}

TEST_CASE("The functions append to the existing text") {
  std::string out = "before";
  AppendEnvelope(out, "e", "", 1);
  AppendPong(out);
  CHECK(out == R"(before{"event":"e","data":1}{"event":"$pong"})");
}

TEST_CASE("Data that JSON cannot represent does not throw") {
  CHECK(WriteEnvelope("e", "", "a\xFFz") == "{\"event\":\"e\",\"data\":\"a\xEF\xBF\xBDz\"}");
  CHECK(WriteEnvelope("e", "", json{{"\xFF", 1}}) == "{\"event\":\"e\",\"data\":{\"\xEF\xBF\xBD\":1}}");
  CHECK(WriteEnvelope("e", "", std::numeric_limits<double>::quiet_NaN()) == R"({"event":"e","data":null})");
  CHECK(WriteEnvelope("e", "", json::array({std::numeric_limits<double>::infinity()})) ==
        R"({"event":"e","data":[null]})");
  CHECK(WriteEnvelope("e", "", json(json::value_t::discarded)) == R"({"event":"e"})");
  CHECK(WriteEnvelope("e", "", json::binary({1, 255}, 7)) == R"({"event":"e","data":{"bytes":[1,255],"subtype":7}})");

  std::string out;
  AppendJson(out, json(json::value_t::discarded));
  CHECK(out == "null");
}

TEST_CASE("Numbers keep their exact value") {
  CHECK(WriteEnvelope("e", "", 12345678901234567890U) == R"({"event":"e","data":12345678901234567890})");
  CHECK(WriteEnvelope("e", "", std::numeric_limits<std::int64_t>::min()) ==
        R"({"event":"e","data":-9223372036854775808})");
  CHECK(WriteEnvelope("e", "", 0.1) == R"({"event":"e","data":0.1})");
}

TEST_CASE("An event's name is escaped, and invalid UTF-8 in it is replaced") {
  CHECK(WriteEnvelope("a\"\\\n\x01\xFF", "", nullptr) == "{\"event\":\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\"}");
}

TEST_CASE("Strings are escaped like nlohmann's, for every byte and 50,000 random texts") {
  const auto expected = [](const std::string& text) {
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  };
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = "12345678" + std::string(1, static_cast<char>(byte)) + "x";
    CHECK(WriteString(text) == expected(text));
  }
  std::mt19937 random(5);
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (auto count = random() % 30; count > 0; --count)
      text += static_cast<char>(random() % 2 == 0 ? random() % 256 : 'a');
    if (WriteString(text) != expected(text)) FAIL("round " << round);
  }
}

TEST_CASE("A reply has the id and the data") {
  std::string out;
  AppendAck(out, "17", {{"sum", 3}});
  CHECK(out == R"({"event":"$ack","id":17,"data":{"sum":3}})");
  out.clear();
  AppendAck(out, "\"x\"", nullptr);
  CHECK(out == R"({"event":"$ack","id":"x"})");
}

TEST_CASE("A failed reply has an escaped code and message") {
  std::string out;
  AppendAckError(out, "17", "not_found", "no \"room\" \xFF");
  CHECK(out ==
        "{\"event\":\"$ack\",\"id\":17,\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"room\\\" "
        "\xEF\xBF\xBD\"}}");
}

TEST_CASE("An error event has message and code, and event and path if they are not empty") {
  std::string out;
  AppendError(out, "bad_json", "The message is no JSON.");
  CHECK(out == R"({"event":"error","data":{"message":"The message is no JSON.","code":"bad_json"}})");
  out.clear();
  AppendError(out, "invalid_payload", "m", "sum", "/a~1b/0");
  CHECK(out == R"({"event":"error","data":{"message":"m","code":"invalid_payload","event":"sum","path":"/a~1b/0"}})");
  out.clear();
  AppendError(out, "c", "m", "", "/a");
  CHECK(out == R"({"event":"error","data":{"message":"m","code":"c","path":"/a"}})");
}

TEST_CASE("A written envelope can be parsed again") {
  const json data = {{"text", "h\xC3\xA9\n\"x\""}, {"list", {1, -2, 1e300}}};
  const std::string text = WriteEnvelope("na\"me\n", "\"id\"", data);
  const EnvelopeResult result = ParseEnvelope(text);
  REQUIRE(result.error == EnvelopeError::None);
  CHECK(result.envelope.Event() == "na\"me\n");
  CHECK(result.envelope.id == "\"id\"");
  CHECK(json::parse(result.envelope.data) == data);
}

TEST_CASE("The capacity for a large text is not doubled") {
  std::string out;
  AppendEnvelope(out, "news", "17", {{"text", std::string(std::size_t{1} << 20, 'x')}});
  CHECK(out.size() > std::size_t{1} << 20);
  CHECK(out.capacity() < out.size() + 4096);
}
