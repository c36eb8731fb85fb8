#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "ws/json.hpp"

namespace repl {

// Returns a string member, or nothing if `data` has no such member. `data` may be any JSON value.
inline std::optional<std::string> StringField(const ws::Json& data, const char* name) {
  if (!data.is_object()) return std::nullopt;
  const auto member = data.find(name);
  if (member == data.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

// Returns a number member, clamped to 0…65535, or `fallback` if `data` has no such member.
inline int IntField(const ws::Json& data, const char* name, int fallback) {
  if (!data.is_object()) return fallback;
  const auto member = data.find(name);
  if (member == data.end() || !member->is_number()) return fallback;
  return static_cast<int>(std::clamp(member->get<double>(), 0.0, 65535.0));
}

}  // namespace repl
