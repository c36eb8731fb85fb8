// Checks, repairs and writes UTF-8.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ws::protocol {

// Returns the next eight bytes as a little-endian number, on every machine.
inline std::uint64_t LoadEightBytes(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// The sequence at a position of a text: one character, or the maximal invalid subpart that is replaced by one U+FFFD.
struct Utf8Sequence {
  std::size_t size;  // in bytes, at least 1
  bool valid;
};

// Returns the sequence at `at`, which must be before `end`.
inline Utf8Sequence ReadUtf8(const char* at, const char* end) {
  const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};

  // RFC 3629 section 4: the second byte shows overlong forms, surrogates and code points above U+10FFFF.
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  const std::size_t available = std::min(size, static_cast<std::size_t>(end - at));
  if (available < 2 || byte(1) < lowest || byte(1) > highest) return {1, false};
  for (std::size_t i = 2; i < size; ++i) {
    if (i == available || (byte(i) & 0xC0) != 0x80) return {i, false};
  }
  return {size, true};
}

// Returns the end of the longest valid prefix of [at, end). Returns `end` if all of it is valid.
inline const char* SkipValidUtf8(const char* at, const char* end) {
  while (at != end) {
    if (end - at >= 16 && ((LoadEightBytes(at) | LoadEightBytes(at + 8)) & 0x8080808080808080) == 0) {
      at += 16;
      continue;
    }
    if (end - at >= 8 && (LoadEightBytes(at) & 0x8080808080808080) == 0) {
      at += 8;
      continue;
    }
    const Utf8Sequence next = ReadUtf8(at, end);
    if (!next.valid) return at;
    at += next.size;
  }
  return end;
}

// Returns true if [at, end), which is invalid as it is, can become valid when more bytes follow.
inline bool MayBecomeUtf8(const char* at, const char* end) {
  const unsigned lead = static_cast<unsigned char>(*at);
  return lead >= 0xC2 && lead <= 0xF4 && ReadUtf8(at, end).size == static_cast<std::size_t>(end - at);
}

// Returns true if the text is valid UTF-8 (RFC 3629): no overlong forms, no surrogates, no code points above U+10FFFF.
inline bool IsValidUtf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  return SkipValidUtf8(text.data(), end) == end;
}

// Returns a copy of the text in which U+FFFD replaces each maximal invalid subpart, as nlohmann's
// `error_handler_t::replace` does.
inline std::string ReplaceInvalidUtf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    const char* const invalid = SkipValidUtf8(at, end);
    result.append(at, invalid);
    if (invalid == end) return result;
    result += "\xEF\xBF\xBD";
    at = invalid + ReadUtf8(invalid, end).size;
  }
}

// Appends a code point, which must not be a surrogate or above U+10FFFF.
inline void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto lead = [&](std::uint32_t mark, int shift) { out += static_cast<char>(mark | (code >> shift)); };
  const auto follow = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return lead(0, 0);
  if (code < 0x800) return lead(0xC0, 6), follow(0);
  if (code < 0x10000) return lead(0xE0, 12), follow(6), follow(0);
  lead(0xF0, 18), follow(12), follow(6), follow(0);
}

}  // namespace ws::protocol
