// Event data that is checked against a JSON Schema.
#include "ws/json_schema.hpp"

#include <atomic>
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::JsonSchema;

namespace {

const Json say_schema = {{"type", "object"},
                         {"required", {"text", "room"}},
                         {"properties",
                          {{"text", {{"type", "string"}, {"maxLength", 20}}},
                           {"room", {{"type", "string"}, {"pattern", "^[a-z]+$"}}},
                           {"to", {{"type", "array"}, {"items", {{"type", "integer"}}}}},
                           {"a/b", {{"const", 1}}}}},
                         {"additionalProperties", false}};

std::string MismatchOf(const Json& data) {
  const auto mismatch = JsonSchema(say_schema).FindMismatch(data);
  return mismatch ? mismatch->path + " " + mismatch->expected : "fits";
}

}  // namespace

TEST_CASE("a schema mismatch names the path of the invalid value") {
  CHECK(MismatchOf({{"text", "hi"}, {"room", "lobby"}, {"to", {1, 2}}}) == "fits");
  CHECK(MismatchOf({{"text", "hi"}}) == "/room is required");
  CHECK(MismatchOf({{"text", 1}, {"room", "lobby"}}) == "/text does not fit the schema");
  CHECK(MismatchOf({{"text", "hi"}, {"room", "Lobby"}}) == "/room does not fit the schema");
  CHECK(MismatchOf({{"text", "hi"}, {"room", "lobby"}, {"to", {1, "x"}}}) == "/to/1 does not fit the schema");
  CHECK(MismatchOf({{"text", "hi"}, {"room", "lobby"}, {"a/b", 2}}) == "/a~1b does not fit the schema");
  CHECK(MismatchOf({{"text", "hi"}, {"room", "lobby"}, {"<script>", 2}}) == " does not fit the schema");
  CHECK(MismatchOf(nullptr) == " does not fit the schema");
}

TEST_CASE("texts that are matched against a regular expression have a bounded size") {
  const std::string long_text(1'000'000, 'a');
  CHECK(MismatchOf({{"text", "hi"}, {"room", long_text}}) == " has a text of more than 1024 bytes");
  CHECK(MismatchOf({{"text", "hi"}, {"room", "lobby"}, {long_text, 1}}) == " has a text of more than 1024 bytes");
  CHECK(MismatchOf({{"text", "hi"}, {"room", std::string(1024, 'a')}}) == "fits");
  CHECK_FALSE(JsonSchema(Json{{"type", "string"}}).FindMismatch(long_text));
}

TEST_CASE("the pattern of a property whose name is a schema keyword is still bounded and compiled") {
  const std::string name = GENERATE(as<std::string>(), "default", "const", "enum", "examples", "pattern", "properties");
  Json schema;
  schema["properties"][name] = {{"type", "string"}, {"pattern", "^[a-z]*$"}};
  CHECK(JsonSchema(schema).FindMismatch({{name, std::string(900'000, 'a')}}));
  CHECK_FALSE(JsonSchema(schema).FindMismatch({{name, "abc"}}));
  schema["properties"][name]["pattern"] = "(";
  CHECK_THROWS_AS(JsonSchema(schema), std::invalid_argument);
}

TEST_CASE("lists with uniqueItems are compared in bounded time and memory") {
  const JsonSchema schema(Json{{"uniqueItems", true}});
  CHECK_FALSE(schema.FindMismatch(Json{1, 2, 3}));
  CHECK(schema.FindMismatch(Json{1, 2, 1}));
  CHECK(schema.FindMismatch(Json(900, 0)));
  CHECK(schema.FindMismatch(Json(200'000, 0))->expected == "has a list that is too long");
}

TEST_CASE("a long key of the peer is not returned in the path") {
  const auto mismatch =
      JsonSchema(Json{{"additionalProperties", {{"type", "string"}}}}).FindMismatch({{std::string(5000, 'k'), 1}});
  REQUIRE(mismatch);
  CHECK(mismatch->path.empty());
}

TEST_CASE("data with many mismatches is refused without recording each of them") {
  const Json many(200'000, 1);
  const auto mismatch = JsonSchema(Json{{"items", {{"type", "string"}}}}).FindMismatch(many);
  REQUIRE(mismatch);
  CHECK(mismatch->path.empty());
}

TEST_CASE("an invalid schema throws when it is constructed") {
  CHECK_THROWS_AS(JsonSchema(Json{{"type", 7}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"pattern", "("}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"patternProperties", {{"(", true}}}}), std::invalid_argument);
  CHECK_THROWS_AS(JsonSchema(Json{{"$ref", "http://example.com/other.json"}}), std::invalid_argument);
}

TEST_CASE("events that do not match their schema are answered with invalid_payload, and no callback receives them") {
  std::atomic<int> handled = 0;
  TestServer server([&](Handler socket) {
    socket.On("say", [&](const Json&) { return ++handled; });
    socket.On("other", [](const Json& data) { return data; });
  });
  server->Hub().Use(ws::JsonSchemas().Add("say", say_schema));
  TestClient client = server.Connect();
  client.Send("say", {{"text", "hi"}, {"room", 7}}, 1);
  const Json error = client.Receive()["error"];
  CHECK(error["code"] == "invalid_payload");
  CHECK(error["path"] == "/room");
  client.Send("say", {{"text", "hi"}}, 2);
  CHECK(client.Receive()["error"]["path"] == "/room");
  client.Send("say", {{"text", "hi"}});
  const Json error_event = client.Receive();
  CHECK(error_event["event"] == "error");
  CHECK(error_event["data"]["code"] == "invalid_payload");
  CHECK(handled == 0);
  client.Send("say", {{"text", "hi"}, {"room", "lobby"}}, 3);
  CHECK(client.Receive()["data"] == 1);
  client.Send("other", "anything", 4);
  CHECK(client.Receive()["data"] == "anything");
  client.Close();
}
