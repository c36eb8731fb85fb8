#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace repl {

// One "@@ … @@" hunk of a patch. Lengths and positions are in UTF-16 units.
struct Hunk {
  std::size_t start = 0;             // the expected position of `before` after the earlier hunks are applied
  std::u16string before;             // the text to replace, with its context
  std::u16string after;              // the replacement, with its context
  std::size_t leading_context = 0;   // length of the context at the start of both texts
  std::size_t trailing_context = 0;  // length of the context at the end of both texts
};

// Parses the text format of diff-match-patch's patch_toText.
Outcome<std::vector<Hunk>> ParsePatch(std::string_view text);

}  // namespace repl
