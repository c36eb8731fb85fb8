// The JSON value type, and JSON objects written with braces.
#pragma once

#include <concepts>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace ws {

// A JSON value. All event data has this type.
using Json = nlohmann::json;

// One member of a JSON object that is written with braces: {"key", value}. Not used by name.
class JsonMember {
 public:
  template <std::convertible_to<std::string_view> Key>
  JsonMember(const Key& key, Json value) : key_(key), value_(std::move(value)) {}
  template <std::convertible_to<std::string_view> Key>
  JsonMember(const Key& key, std::initializer_list<JsonMember> members) : key_(key), value_(MakeObject(members)) {}
  JsonMember(const JsonMember&) = delete;
  JsonMember& operator=(const JsonMember&) = delete;

  // Moves the members into an object. If a key occurs twice, the first member counts.
  static Json MakeObject(std::initializer_list<JsonMember> members) {
    Json::object_t object;
    for (const JsonMember& member : members) object.emplace(std::string(member.key_), std::move(member.value_));
    return object;
  }

 private:
  std::string_view key_;
  mutable Json value_;  // mutable because the elements of an initializer_list are const
};

// A JSON object as an argument in braces. {{"a", 1}, {"b", 2}} is always an object, {{"a", "b"}} too, and {} is the
// empty object. Nested braces follow the same rules. Braces without pairs are an array: {1, 2, 3} and {"a", "b"}.
using JsonObject = std::initializer_list<JsonMember>;

}  // namespace ws
