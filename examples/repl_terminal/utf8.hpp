#pragma once

#include <cstddef>
#include <string_view>

namespace repl {

enum class Utf8Kind {
  Character,
  Cut,      // the text ends inside a character that is valid so far
  Invalid,  // these bytes are replaced by one U+FFFD
};

struct Utf8Step {
  Utf8Kind kind;
  std::size_t length;  // in bytes
  char32_t code_point;
};

// Decodes the first character of a non-empty text. Overlong forms, surrogates and values above U+10FFFF are invalid.
// The length of an invalid step is the "maximal subpart" of the Unicode standard (section 3.9).
constexpr Utf8Step NextUtf8(std::string_view text) {
  const unsigned char lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {Utf8Kind::Character, 1, lead};
  if (lead < 0xC2 || lead > 0xF4) return {Utf8Kind::Invalid, 1, 0};

  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t code_point = lead & (0x7Fu >> length);
  for (std::size_t at = 1; at < length; ++at) {
    if (at == text.size()) return {Utf8Kind::Cut, at, 0};
    const unsigned char next = static_cast<unsigned char>(text[at]);
    if (next < lowest || next > highest) return {Utf8Kind::Invalid, at, 0};
    code_point = code_point << 6 | (next & 0x3Fu);
    lowest = 0x80;
    highest = 0xBF;
  }
  return {Utf8Kind::Character, length, code_point};
}

constexpr bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    if (step.kind != Utf8Kind::Character) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

}  // namespace repl
