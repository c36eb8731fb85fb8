#include "utf16.hpp"

#include "utf8.hpp"

namespace repl {
namespace {

void AppendUtf8(char32_t code_point, std::string& out) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += {static_cast<char>(0xC0 | code_point >> 6), tail(0)};
  } else if (code_point < 0x10000) {
    out += {static_cast<char>(0xE0 | code_point >> 12), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
  }
}

constexpr bool IsHigh(char16_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
constexpr bool IsLow(char16_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

}  // namespace

std::optional<std::u16string> ToUtf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = NextUtf8(text);
    if (step.kind != Utf8Kind::Character) return std::nullopt;
    if (step.code_point < 0x10000) {
      out += static_cast<char16_t>(step.code_point);
    } else {
      out += static_cast<char16_t>(0xD7C0 + (step.code_point >> 10));
      out += static_cast<char16_t>(0xDC00 | (step.code_point & 0x3FF));
    }
    text.remove_prefix(step.length);
  }
  return out;
}

std::optional<std::string> ToUtf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char16_t unit = text[at];
    if (IsLow(unit)) return std::nullopt;
    if (!IsHigh(unit)) {
      AppendUtf8(unit, out);
      continue;
    }
    if (++at == text.size() || !IsLow(text[at])) return std::nullopt;
    AppendUtf8(0x10000 + ((unit & 0x3FFu) << 10) + (text[at] & 0x3FFu), out);
  }
  return out;
}

}  // namespace repl
