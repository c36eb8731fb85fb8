#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "ws/json.hpp"

namespace repl {

// A member that is a text; nothing where there is none. `data` may be anything a peer can send.
inline std::optional<std::string> TextField(const ws::Json& data, const char* name) {
  if (!data.is_object()) return std::nullopt;
  const auto member = data.find(name);
  if (member == data.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

// A member that is a number, cut to what any terminal could have; `otherwise` where there is none.
inline int SizeField(const ws::Json& data, const char* name, int otherwise) {
  if (!data.is_object()) return otherwise;
  const auto member = data.find(name);
  if (member == data.end() || !member->is_number()) return otherwise;
  return static_cast<int>(std::clamp(member->get<double>(), 0.0, 65535.0));
}

}  // namespace repl
