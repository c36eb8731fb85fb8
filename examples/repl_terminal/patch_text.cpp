#include "patch_text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "utf16.hpp"

namespace repl {
namespace {

const Problem malformed{"The patch is not valid diff-match-patch text."};

constexpr std::size_t max_position = 1u << 30;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::u16string> PercentDecode(std::string_view line) {
  std::string bytes;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '%') {
      bytes += line[at];
      continue;
    }
    if (line.size() - at < 3) return std::nullopt;
    const int high = HexDigit(line[at + 1]);
    const int low = HexDigit(line[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
    at += 2;
  }
  return ToUtf16(bytes);
}

// Removes a prefix from a line. Returns false if the line does not start with it.
bool Consume(std::string_view& line, std::string_view word) {
  if (!line.starts_with(word)) return false;
  line.remove_prefix(word.size());
  return true;
}

bool ConsumeNumber(std::string_view& line, std::size_t& number) {
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || number > max_position) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return true;
}

// Parses "12", "12,3" or "12,0". The start is 1-based, but 0-based if the length is 0.
bool ConsumeRange(std::string_view& line, std::size_t& start) {
  std::size_t length = 1;
  if (!ConsumeNumber(line, start)) return false;
  if (Consume(line, ",") && !ConsumeNumber(line, length)) return false;
  if (length == 0) return true;
  return start-- > 0;
}

bool ParseHeader(std::string_view line, Hunk& hunk) {
  std::size_t old_start = 0;
  return Consume(line, "@@ -") && ConsumeRange(line, old_start) && Consume(line, " +") &&
         ConsumeRange(line, hunk.start) && line == " @@";
}

bool AddLine(std::string_view line, Hunk& hunk) {
  const std::optional<std::u16string> text = PercentDecode(line.substr(1));
  if (!text) return false;
  const bool only_context = hunk.leading_context == hunk.before.size() && hunk.leading_context == hunk.after.size();
  switch (line[0]) {
    case ' ':
      hunk.before += *text;
      hunk.after += *text;
      hunk.trailing_context += text->size();
      if (only_context) hunk.leading_context += text->size();
      return true;
    case '-':
      hunk.before += *text;
      hunk.trailing_context = 0;
      return true;
    case '+':
      hunk.after += *text;
      hunk.trailing_context = 0;
      return true;
    default:
      return false;
  }
}

}  // namespace

Outcome<std::vector<Hunk>> ParsePatch(std::string_view text) {
  std::vector<Hunk> hunks;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    if (line[0] == '@') {
      if (!ParseHeader(line, hunks.emplace_back())) return malformed;
    } else if (hunks.empty() || !AddLine(line, hunks.back())) {
      return malformed;
    }
  }
  return hunks;
}

}  // namespace repl
