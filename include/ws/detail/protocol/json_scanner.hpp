// Checks JSON in one pass, without building a tree.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ws/detail/protocol/utf8.hpp"

namespace ws::protocol {

// Skips the bytes that a JSON string contains unchanged: printable ASCII except `"` and `\`. Returns the first other
// byte, or `end`.
inline const char* SkipPlain(const char* at, const char* end) {
#ifdef __SSE2__
  // Checks sixteen bytes at a time.
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control =
        _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));  // also true for bytes past ASCII: they are negative
    const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const int stops = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
    if (stops != 0) return at + std::countr_zero(static_cast<unsigned>(stops));
  }
#endif
  constexpr std::uint64_t ones = 0x0101010101010101;
  while (end - at >= 8) {
    const std::uint64_t word = LoadEightBytes(at);
    // The top bit is set in each byte that stops the run. A borrow can set wrong bits only after the first such byte.
    const std::uint64_t quote = (word ^ (ones * '"')) - ones;
    const std::uint64_t backslash = (word ^ (ones * '\\')) - ones;
    const std::uint64_t control = word - ones * 0x20;
    const std::uint64_t stops = (quote | backslash | control | word) & (ones * 0x80);
    if (stops != 0) return at + std::countr_zero(stops) / 8;
    at += 8;
  }
  const auto is_plain = [](char c) {
    return c >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\';
  };
  while (at != end && is_plain(*at)) ++at;
  return at;
}

// The letters of the escapes, except `u`, and at the same positions the characters that they represent.
inline constexpr std::string_view escape_letters = "\"\\/bfnrt";
inline constexpr std::string_view escape_meanings = "\"\\/\b\f\n\r\t";

// Returns the UTF-16 code unit from four hexadecimal digits at `at`, or -1 if there are not four.
inline int ReadHexUnit(const char* at, const char* end) {
  std::uint16_t unit = 0;
  if (end - at < 4) return -1;
  const auto [stop, error] = std::from_chars(at, at + 4, unit, 16);
  return error == std::errc{} && stop == at + 4 ? unit : -1;
}

inline bool IsHighSurrogate(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
inline bool IsLowSurrogate(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

enum class ScanError : std::uint8_t { None, Syntax, TooDeep };

// The result of a scan: the error, and the position at which the scan stopped.
struct ScanResult {
  ScanError error = ScanError::None;
  std::size_t offset = 0;  // In bytes from the start of the text
};

// Checks JSON (RFC 8259) piece by piece in one pass, without allocation or recursion. Like nlohmann's `parse`, it
// rejects lone surrogates, invalid UTF-8 and numbers that overflow a double. Unlike nlohmann, it also rejects a byte
// order mark, and a NUL after the value (nlohmann treats the NUL as the end). After an error, call only `Result`.
class JsonScanner final {
 public:
  // The upper limit of `max_depth`.
  static constexpr std::size_t depth_ceiling = 1024;

  // `text` must outlive the scanner. A `max_depth` above `depth_ceiling` is reduced to it.
  explicit JsonScanner(std::string_view text, std::size_t max_depth = 64)
      : begin_(text.data()),
        at_(text.data()),
        end_(text.data() + text.size()),
        max_depth_(std::min(max_depth, depth_ceiling)) {}

  void SkipWhitespace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  // Skips whitespace, then `wanted` if it comes next. Returns false, without an error, if it does not.
  bool Accept(char wanted) {
    SkipWhitespace();
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  // Like Accept, but it is a syntax error if `wanted` does not come next.
  bool Expect(char wanted) { return Accept(wanted) || Fail(ScanError::Syntax); }

  // Skips whitespace. More text after it is a syntax error.
  bool ExpectEnd() {
    SkipWhitespace();
    return at_ == end_ || Fail(ScanError::Syntax);
  }

  // Scans a string. `raw` becomes the text between the quotes; `has_escape` becomes true if the text must be decoded.
  bool ScanString(std::string_view& raw, bool& has_escape);

  // Scans a member's name and the colon after it.
  bool ScanKey(std::string_view& raw, bool& has_escape) { return ScanString(raw, has_escape) && Expect(':'); }

  // Scans one value of any type. `raw` becomes its text. `depth` is the number of arrays and objects around the value;
  // it counts towards the maximum depth.
  bool ScanValue(std::string_view& raw, std::size_t depth = 0);

  ScanResult Result() const { return {error_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  bool Fail(ScanError error) {
    error_ = error;
    return false;
  }
  bool IsDigit() const { return at_ != end_ && *at_ >= '0' && *at_ <= '9'; }
  bool ScanDigits();
  bool ScanEscape();
  bool ScanLiteral(std::string_view word);
  bool ScanNumber();
  bool ScanScalar();

  const char* begin_;
  const char* at_;
  const char* end_;
  std::size_t max_depth_;
  ScanError error_ = ScanError::None;
};

// Checks a whole text. Nesting deeper than `max_depth` is the error TooDeep. A top-level array is level 1.
inline ScanResult ScanJson(std::string_view text, std::size_t max_depth = 64) {
  JsonScanner scanner{text, max_depth};
  std::string_view raw;
  if (scanner.ScanValue(raw)) scanner.ExpectEnd();
  return scanner.Result();
}

inline bool JsonScanner::ScanString(std::string_view& raw, bool& has_escape) {
  if (!Expect('"')) return false;
  const char* const first = at_;
  has_escape = false;
  for (;;) {
    at_ = SkipPlain(at_, end_);
    if (at_ == end_) return Fail(ScanError::Syntax);
    if (*at_ == '"') {
      raw = {first, static_cast<std::size_t>(at_ - first)};
      ++at_;
      return true;
    }
    if (*at_ == '\\') {
      has_escape = true;
      if (!ScanEscape()) return false;
      continue;
    }
    if (static_cast<unsigned char>(*at_) < 0x20) return Fail(ScanError::Syntax);
    do {
      const Utf8Sequence next = ReadUtf8(at_, end_);
      if (!next.valid) return Fail(ScanError::Syntax);
      at_ += next.size;
    } while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x80);
  }
}

inline bool JsonScanner::ScanEscape() {
  if (end_ - at_ < 2) return Fail(ScanError::Syntax);
  if (escape_letters.find(at_[1]) != escape_letters.npos) {
    at_ += 2;
    return true;
  }
  const int unit = at_[1] == 'u' ? ReadHexUnit(at_ + 2, end_) : -1;
  if (unit < 0 || IsLowSurrogate(unit)) return Fail(ScanError::Syntax);
  if (IsHighSurrogate(unit)) {
    at_ += 6;
    const bool is_escape = end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u';
    if (!is_escape || !IsLowSurrogate(ReadHexUnit(at_ + 2, end_))) return Fail(ScanError::Syntax);
  }
  at_ += 6;
  return true;
}

inline bool JsonScanner::ScanLiteral(std::string_view word) {
  const std::string_view rest{at_, static_cast<std::size_t>(end_ - at_)};
  if (!rest.starts_with(word)) return Fail(ScanError::Syntax);
  at_ += word.size();
  return true;
}

inline bool JsonScanner::ScanDigits() {
  if (!IsDigit()) return Fail(ScanError::Syntax);
  while (IsDigit()) ++at_;
  return true;
}

inline bool JsonScanner::ScanNumber() {
  const char* const first = at_;
  if (*at_ == '-') ++at_;
  const char* const digits = at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else if (!ScanDigits()) {
    return false;
  }
  std::int64_t magnitude = at_ - digits;  // the absolute value is below 10^magnitude
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!ScanDigits()) return false;
  }
  const char* const mantissa_end = at_;
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    const bool is_negative = at_ != end_ && *at_ == '-';
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    const char* const exponent_digits = at_;
    if (!ScanDigits()) return false;
    std::int64_t exponent = 0;
    constexpr std::int64_t huge = 1'000'000'000'000'000;  // larger than the number of digits in any text
    for (const char* digit = exponent_digits; digit != at_; ++digit) {
      exponent = std::min(huge, exponent * 10 + (*digit - '0'));
    }
    magnitude += is_negative ? -exponent : exponent;
  }
  if (magnitude <= 308) return true;

  // Leading zeros made the magnitude too high: subtract them.
  const char* significant = digits;
  for (; significant != mantissa_end && (*significant == '0' || *significant == '.'); ++significant) {
    if (*significant == '0') --magnitude;
  }
  if (significant == mantissa_end || magnitude < 309) return true;
  double value = 0;
  const bool overflows = magnitude > 309 || std::from_chars(first, at_, value).ec != std::errc{};
  return overflows ? Fail(ScanError::Syntax) : true;
}

inline bool JsonScanner::ScanScalar() {
  if (at_ == end_) return Fail(ScanError::Syntax);
  std::string_view raw;
  bool has_escape;
  if (*at_ == '"') return ScanString(raw, has_escape);
  if (*at_ == 't') return ScanLiteral("true");
  if (*at_ == 'f') return ScanLiteral("false");
  if (*at_ == 'n') return ScanLiteral("null");
  return ScanNumber();
}

inline bool JsonScanner::ScanValue(std::string_view& raw, std::size_t depth) {
  std::array<char, depth_ceiling> closers;  // not initialised: only entries below `depth` are read
  std::string_view key;
  bool has_escape;
  SkipWhitespace();
  const char* const first = at_;
  const std::size_t base = depth;
  for (;;) {
    SkipWhitespace();
    const bool is_object = at_ != end_ && *at_ == '{';
    if (is_object || (at_ != end_ && *at_ == '[')) {
      if (depth >= max_depth_) return Fail(ScanError::TooDeep);
      ++at_;
      const char closer = is_object ? '}' : ']';
      if (!Accept(closer)) {
        closers[depth++] = closer;
        if (is_object && !ScanKey(key, has_escape)) return false;
        continue;
      }
    } else if (!ScanScalar()) {
      return false;
    }
    // The value is complete. Close the arrays and objects that end with it.
    while (depth != base && Accept(closers[depth - 1])) --depth;
    if (depth == base) break;
    if (!Expect(',')) return false;
    if (closers[depth - 1] == '}' && !ScanKey(key, has_escape)) return false;
  }
  raw = {first, static_cast<std::size_t>(at_ - first)};
  return true;
}

}  // namespace ws::protocol
