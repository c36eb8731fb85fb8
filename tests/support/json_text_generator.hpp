// Random texts for the tests of JSON parsers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace ws::test {

inline constexpr std::string_view json_tokens[] = {
    "{",     "}",   "[",   "]",        ",",  ":",    "\"", "\"a\":", "null",         "true",
    "false", "nul", "0",   "-",        "1.", "e5",   "\\", " ",      "\xEF\xBB\xBF", "//",
    "/**/",  "'",   "NaN", "Infinity", "+1", "\"\"", "[]", "{}"};

inline constexpr std::string_view whole_json_pieces[] = {
    "a",    "{[,:]}",  "\x7F",           "\\n",      "\\/",          "\\\\",
    "\\\"", "\\u0041", "\\uD83D\\uDE00", "\xC3\xA9", "\xE6\xBC\xA2", "\xF0\x9F\x98\x80"};

inline constexpr std::string_view broken_json_pieces[] = {
    "\\ud800",      "\\udC00",  "\\uD83D\\u0041",   "\\uD83D\\", "\\u12", "\\u-123", "\\u0x1f", "\\x",
    "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xE2\x82",  "\x80",  "\t",      "\x1F"};

/// Generates the same texts in the same order on every machine.
class JsonTextGenerator final {
 public:
  /// Returns valid JSON, slightly damaged JSON, or random JSON tokens in a row.
  std::string Generate() {
    const std::size_t kind = Below(4);
    std::string text = kind == 0 ? Tokens() : kind == 1 ? Number() : Value(0);
    for (auto count = Below(3); count > 0; --count) Mutate(text);
    return text;
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }

  template <std::size_t size>
  std::string Pick(const std::string_view (&choices)[size]) {
    return std::string(choices[Below(size)]);
  }

  std::string Space() { return Pick({"", "", "", " ", "\n", "\r\t", "\v", "\xC2\xA0"}); }

  std::string Tokens() {
    std::string text;
    for (auto count = Below(12); count > 0; --count) text += Pick(json_tokens);
    return text;
  }

  std::string Digits() {
    std::string digits;
    for (auto count = Below(10) == 0 ? Below(700) : Below(5); count > 0; --count) {
      digits += Below(3) == 0 ? '0' : static_cast<char>('0' + Below(10));
    }
    return digits;
  }

  /// Returns a number of random length, possibly with a part missing, or one near the limits of a double's range.
  std::string Number() {
    if (Below(4) != 0) {
      return Pick({"", "-"}) + Digits() + Pick({"", ".", "."}) + Digits() +
             Pick({"", "e", "E+", "e-", "e30", "e+307"}) + Digits();
    }
    const std::string digits =
        Pick({"17976931348623157", "17976931348623158", "179769313486231580793", "1", "9999", "2",
              "17976931348623158079372897140530341507993413271003782", "17976931348623160"}) +
        Digits();
    const std::size_t magnitude = 307 + Below(3);
    if (Below(2) == 0) {
      const std::size_t zeros = Below(400);
      return "0." + std::string(zeros, '0') + digits + "e" + std::to_string(magnitude + zeros + 1);
    }
    const std::size_t point = std::min(digits.size(), 1 + Below(300));
    return digits.substr(0, point) + "." + digits.substr(point) + "0e" + std::to_string(magnitude + 1 - point);
  }

  std::string String() {
    std::string text = "\"";
    for (auto count = Below(8); count > 0; --count) text += Pick(whole_json_pieces);
    if (Below(8) == 0) text += Pick(broken_json_pieces) + Pick(whole_json_pieces);
    return text + "\"";
  }

  std::string Value(int depth) {
    const std::size_t kind = Below(depth > 4 ? 5 : 8);
    if (kind == 0) return String();
    if (kind == 1) return Below(3) == 0 ? Number() : Pick({"0", "-0", "12", "1.5", "-2e10", "18446744073709551616"});
    if (kind < 5) return Pick({"null", "true", "false", "\"s\"", "7"});
    const bool is_object = kind == 5;
    std::string text = is_object ? "{" : "[";
    const std::size_t members = Below(4);
    for (std::size_t i = 0; i < members; ++i) {
      if (i > 0) text += Space() + ",";
      text += Space();
      if (is_object) text += String() + Space() + ":";
      text += Space() + Value(depth + 1);
    }
    return text + Space() + (is_object ? "}" : "]") + Space();
  }

  void Mutate(std::string& text) {
    if (text.empty()) return;
    const std::size_t place = Below(text.size());
    const std::size_t kind = Below(5);
    if (kind == 0) text.erase(place, 1 + Below(3));
    if (kind == 1) text[place] = static_cast<char>(Below(256));
    if (kind == 2) text.insert(place, 1, "{}[],:\"\\ 0-.e\n\x80"[Below(15)]);
    if (kind == 3) text.insert(place, text.substr(Below(text.size()), Below(5)));
    if (kind == 4) text.resize(place);
  }

  std::mt19937 random_{7};
};

}  // namespace ws::test
