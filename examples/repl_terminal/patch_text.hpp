#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace repl {

// One "@@ … @@" of a patch, in UTF-16 units.
struct Hunk {
  std::size_t start = 0;  // where `before` is expected, once the hunks before it are applied
  std::u16string before;  // the text that it replaces, its context included
  std::u16string after;   // the text that it leaves
  std::size_t lead = 0;   // how much of both is context, at the front …
  std::size_t trail = 0;  // … and at the end
};

// Reads the text that diff-match-patch's patch_toText makes.
Outcome<std::vector<Hunk>> ParsePatch(std::string_view text);

}  // namespace repl
