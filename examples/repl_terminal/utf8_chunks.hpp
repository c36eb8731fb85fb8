#pragma once

#include <string>
#include <string_view>

#include "utf8.hpp"

namespace repl {

// Converts a stream of bytes to valid UTF-8. A character that is split between two pieces is held back until it is
// complete (at most three bytes). Invalid bytes become U+FFFD. Not thread-safe.
class Utf8Chunks final {
 public:
  static constexpr std::string_view replacement = "\xEF\xBF\xBD";
  static constexpr std::size_t max_held_bytes = 3;

  // Appends the complete characters to `out`: at most three bytes for each byte held back or passed in.
  void Append(std::string_view bytes, std::string& out) {
    held_ += bytes;
    std::string_view rest = held_;
    while (!rest.empty()) {
      const std::size_t good = ValidPrefix(rest);
      out.append(rest.substr(0, good));
      rest.remove_prefix(good);
      if (rest.empty()) break;
      const Utf8Step step = NextUtf8(rest);
      if (step.kind == Utf8Kind::Cut) break;
      out.append(replacement);
      rest.remove_prefix(step.length);
    }
    held_.erase(0, held_.size() - rest.size());
  }

  // Ends the stream. An incomplete character becomes U+FFFD.
  void Finish(std::string& out) {
    if (!held_.empty()) out.append(replacement);
    held_.clear();
  }

 private:
  static std::size_t ValidPrefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
      const Utf8Step step = NextUtf8(text.substr(at));
      if (step.kind != Utf8Kind::Character) break;
      at += step.length;
    }
    return at;
  }

  std::string held_;
};

}  // namespace repl
