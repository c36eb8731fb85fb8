#include "ws/detail/protocol/json_writer.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/json_text_maker.hpp"

using nlohmann::json;
using namespace ws::protocol;

namespace {

std::string Written(const json& value) {
  std::string out;
  AppendJson(out, value);
  return out;
}

std::string Dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

TEST_CASE("What is written is what nlohmann dumps") {
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
    CHECK(Written(value) == Dumped(value));
  }
}

TEST_CASE("What JSON has not is null") {
  CHECK(Written(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(Written(json::array({-std::numeric_limits<double>::infinity()})) == "[null]");
  CHECK(Written(json(json::value_t::discarded)) == "null");
}

TEST_CASE("100,000 random numbers and texts are written as nlohmann dumps them") {
  std::mt19937_64 random(7);
  ws::test::JsonTextMaker maker;
  for (int round = 0; round < 100'000; ++round) {
    const json number = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (Written(number) != Dumped(number)) FAIL(number);
    const json tree = json::parse(maker.Make(), nullptr, false);
    if (!tree.is_discarded() && Written(tree) != Dumped(tree)) FAIL(tree);
  }
}
