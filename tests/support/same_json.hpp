#pragma once

#include <bit>
#include <cstdint>

#include <nlohmann/json.hpp>

namespace ws::test {

// Returns true if both trees have the same types and values everywhere. In contrast, nlohmann's operator== treats 1,
// 1u and 1.0 as equal, and 0.0 and -0.0.
inline bool IsSame(const nlohmann::json& one, const nlohmann::json& other) {
  if (one.type() != other.type() || one.size() != other.size()) return false;
  if (one.is_number_float()) {
    return std::bit_cast<std::uint64_t>(one.get<double>()) == std::bit_cast<std::uint64_t>(other.get<double>());
  }
  if (!one.is_structured()) return one == other;
  for (auto left = one.begin(), right = other.begin(); left != one.end(); ++left, ++right) {
    if (one.is_object() && left.key() != right.key()) return false;
    if (!IsSame(*left, *right)) return false;
  }
  return true;
}

}  // namespace ws::test
