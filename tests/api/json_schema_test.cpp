// Events held to JSON Schema.
#include "ws/json_schema.hpp"

#include <atomic>
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Handler;
using ws::Json;
using ws::JsonSchema;
using ws::test::TestClient;
using ws::test::TestServer;

namespace {

const Json say = {{"type", "object"},
                  {"required", {"text", "room"}},
                  {"properties",
                   {{"text", {{"type", "string"}, {"maxLength", 20}}},
                    {"room", {{"type", "string"}, {"pattern", "^[a-z]+$"}}},
                    {"to", {{"type", "array"}, {"items", {{"type", "integer"}}}}},
                    {"a/b", {{"const", 1}}}}},
                  {"additionalProperties", false}};

std::string PlaceOf(const Json& data) {
  const auto mismatch = JsonSchema(say).FindMismatch(data);
  return mismatch ? mismatch->path + " " + mismatch->expected : "fits";
}

}  // namespace

TEST_CASE("a schema tells the place that does not fit, in words of its own") {
  CHECK(PlaceOf({{"text", "hi"}, {"room", "lobby"}, {"to", {1, 2}}}) == "fits");
  CHECK(PlaceOf({{"text", "hi"}}) == "/room is required");
  CHECK(PlaceOf({{"text", 1}, {"room", "lobby"}}) == "/text does not fit the schema");
  CHECK(PlaceOf({{"text", "hi"}, {"room", "Lobby"}}) == "/room does not fit the schema");
  CHECK(PlaceOf({{"text", "hi"}, {"room", "lobby"}, {"to", {1, "x"}}}) == "/to/1 does not fit the schema");
  CHECK(PlaceOf({{"text", "hi"}, {"room", "lobby"}, {"a/b", 2}}) == "/a~1b does not fit the schema");
  CHECK(PlaceOf({{"text", "hi"}, {"room", "lobby"}, {"<script>", 2}}) == " does not fit the schema");
  CHECK(PlaceOf(nullptr) == " does not fit the schema");
}

TEST_CASE("texts that a regular expression would have to read are bounded: it recurses") {
  const std::string long_text(1'000'000, 'a');
  CHECK(PlaceOf({{"text", "hi"}, {"room", long_text}}) == " has a text of more than 1024 bytes");
  CHECK(PlaceOf({{"text", "hi"}, {"room", "lobby"}, {long_text, 1}}) == " has a text of more than 1024 bytes");
  CHECK(PlaceOf({{"text", "hi"}, {"room", std::string(1024, 'a')}}) == "fits");
  CHECK_FALSE(JsonSchema(Json{{"type", "string"}}).FindMismatch(long_text));
}

TEST_CASE("a property may have the name of a keyword, and its pattern is bounded and judged all the same") {
  const std::string name = GENERATE(as<std::string>(), "default", "const", "enum", "examples", "pattern", "properties");
  Json schema;
  schema["properties"][name] = {{"type", "string"}, {"pattern", "^[a-z]*$"}};
  CHECK(JsonSchema(schema).FindMismatch({{name, std::string(900'000, 'a')}}));
  CHECK_FALSE(JsonSchema(schema).FindMismatch({{name, "abc"}}));
  schema["properties"][name]["pattern"] = "(";
  CHECK_THROWS_AS(JsonSchema(schema), std::invalid_argument);
}

TEST_CASE("lists whose items must differ are compared in bounded time and memory") {
  const JsonSchema schema(Json{{"uniqueItems", true}});
  CHECK_FALSE(schema.FindMismatch(Json{1, 2, 3}));
  CHECK(schema.FindMismatch(Json{1, 2, 1}));
  CHECK(schema.FindMismatch(Json(900, 0)));
  CHECK(schema.FindMismatch(Json(200'000, 0))->expected == "has a list that is too long");
}

TEST_CASE("a key of the peer's does not come back whole") {
  const auto mismatch =
      JsonSchema(Json{{"additionalProperties", {{"type", "string"}}}}).FindMismatch({{std::string(5000, 'k'), 1}});
  REQUIRE(mismatch);
  CHECK(mismatch->path.empty());
}

TEST_CASE("data of many mismatches is refused without noting each") {
  const Json many(200'000, 1);
  const auto mismatch = JsonSchema(Json{{"items", {{"type", "string"}}}}).FindMismatch(many);
  REQUIRE(mismatch);
  CHECK(mismatch->path.empty());
}

TEST_CASE("a schema that is none is told when it is made") {
  CHECK_THROWS_AS(JsonSchema(Json{{"type", 7}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"pattern", "("}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"patternProperties", {{"(", true}}}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"$ref", "http://example.com/other.json"}}), std::invalid_argument);
}

TEST_CASE("events that do not fit are answered with invalid_payload, and no callback sees them") {
  std::atomic<int> handled = 0;
  TestServer server([&](Handler socket) {
    socket.On("say", [&](const Json&) { return ++handled; });
    socket.On("other", [](const Json& data) { return data; });
  });
  server->Hub().Use(ws::JsonSchemas().Add("say", say));
  TestClient client = server.Connect();
  client.Send("say", {{"text", "hi"}, {"room", 7}}, 1);
  const Json error = client.Receive()["error"];
  CHECK(error["code"] == "invalid_payload");
  CHECK(error["path"] == "/room");
  client.Send("say", {{"text", "hi"}}, 2);
  CHECK(client.Receive()["error"]["path"] == "/room");
  client.Send("say", {{"text", "hi"}});
  const Json told = client.Receive();
  CHECK(told["event"] == "error");
  CHECK(told["data"]["code"] == "invalid_payload");
  CHECK(handled == 0);
  client.Send("say", {{"text", "hi"}, {"room", "lobby"}}, 3);
  CHECK(client.Receive()["data"] == 1);
  client.Send("other", "anything", 4);
  CHECK(client.Receive()["data"] == "anything");
  client.Close();
}
