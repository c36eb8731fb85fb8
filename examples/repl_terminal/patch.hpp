#pragma once

#include <string>
#include <string_view>

#include "outcome.hpp"

namespace repl {

// Applies the text of a diff-match-patch patch to a text, both UTF-8. Every hunk's context must
// stand in the base exactly, at the place that the patch names or up to 500 UTF-16 units from it
// (the nearest one is taken); otherwise the outcome is a problem and nothing is changed. Work is
// bounded for any input: linear in the sizes of both as long as hunks come in order.
Outcome<std::string> ApplyPatch(std::string_view base, std::string_view patch);

}  // namespace repl
