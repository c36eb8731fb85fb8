#include "ws/detail/protocol/json_writer.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/json_text_generator.hpp"

using nlohmann::json;
using namespace ws::protocol;

namespace {

std::string Write(const json& value) {
  std::string out;
  AppendJson(out, value);
  return out;
}

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

TEST_CASE("The writer writes the same text as nlohmann's dump") {
  for (const json& value : {json(),
                            json(true),
                            json(false),
                            json(0),
                            json(-1),
                            json(1u),
                            json(0.0),
                            json(-0.0),
                            json(1.0),
                            json(1e22),
                            json(0.1),
                            json(5e-324),
                            json(1.7976931348623157e308),
                            json(""),
                            json("a\"\\\n\x01\xFF\xC3\xA9"),
                            json::array(),
                            json::object(),
                            json{1, {2, {}}, json::object()},
                            json{{"a", {{"b", nullptr}}}, {"\xFF", {1, 2}}, {"", false}},
                            json(std::numeric_limits<std::int64_t>::min()),
                            json(std::numeric_limits<std::uint64_t>::max()),
                            json::binary({1, 255}, 7),
                            json{{"bytes", json::binary({})}}}) {
    CHECK(Write(value) == Dump(value));
  }
}

TEST_CASE("Values that JSON cannot represent become null") {
  CHECK(Write(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(Write(json::array({-std::numeric_limits<double>::infinity()})) == "[null]");
  CHECK(Write(json(json::value_t::discarded)) == "null");
}

TEST_CASE("The writer writes 100,000 random numbers and trees like nlohmann's dump") {
  std::mt19937_64 random(7);
  ws::test::JsonTextGenerator maker;
  for (int round = 0; round < 100'000; ++round) {
    const json number = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (Write(number) != Dump(number)) FAIL(number);
    const json tree = json::parse(maker.Generate(), nullptr, false);
    if (!tree.is_discarded() && Write(tree) != Dump(tree)) FAIL(tree);
  }
}
