// Encodes and decodes JSON strings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ws/detail/protocol/json_scanner.hpp"
#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// Decodes the escapes of a JSON string. `raw` is the text between the quotes; JsonScanner must have accepted it.
inline std::string DecodeJsonString(std::string_view raw) {
  std::string result;
  result.reserve(raw.size());
  const char* at = raw.data();
  const char* const end = at + raw.size();
  for (;;) {
    const char* const escape = std::find(at, end, '\\');
    result.append(at, escape);
    if (escape == end) return result;
    at = escape + 2;
    if (escape[1] != 'u') {
      result += escape_meanings[escape_letters.find(escape[1])];
      continue;
    }
    int code = ReadHexUnit(at, end);
    at += 4;
    if (IsHighSurrogate(code)) {
      code = 0x10000 + ((code - 0xD800) << 10) + (ReadHexUnit(at + 2, end) - 0xDC00);
      at += 6;
    }
    AppendUtf8(result, static_cast<std::uint32_t>(code));
  }
}

// The most bytes that an escape uses for one decoded byte. A text longer than `max_escape_bytes` times a limit exceeds
// the limit after decoding, so it need not be decoded.
inline constexpr std::size_t max_escape_bytes = 6;

// Appends the text as a JSON string. Escapes the same characters as nlohmann.
inline void AppendJsonString(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  const char* at = text.data();
  const char* const end = at + text.size();
  if (SkipPlain(at, end) == end) {
    // Without this reserve, the closing brackets after a large text would double the capacity.
    if (text.size() > 4096) out.reserve(out.size() + text.size() + 128);
    out.append(text.size() + 2, '"');
    std::copy(at, end, out.end() - 1 - (end - at));
    return;
  }
  out += '"';
  for (;;) {
    const char* const stop = SkipPlain(at, end);
    out.append(at, stop);
    if (stop == end) break;
    const Utf8Sequence next = ReadUtf8(stop, end);
    at = stop + next.size;
    const std::size_t letter = escape_meanings.find(*stop);
    if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else if (next.size > 1) {
      out.append(stop, at);
    } else if (letter != escape_meanings.npos) {
      out.append({'\\', escape_letters[letter]});
    } else {
      const auto control = static_cast<unsigned char>(*stop);
      out.append({'\\', 'u', '0', '0', hex[control >> 4], hex[control & 0xF]});
    }
  }
  out += '"';
}

}  // namespace ws::protocol
