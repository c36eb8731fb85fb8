#pragma once

#include <string>
#include <string_view>

#include "outcome.hpp"

namespace repl {

// Applies the text of a diff-match-patch patch to a text. Both are UTF-8. The context of each hunk must match exactly,
// at the position in the patch or up to 500 UTF-16 units away; the nearest match is used. If a hunk does not match,
// the outcome is a problem and no hunk is applied. The work is bounded for every input, and linear in the size of both
// texts if the hunks are in order.
Outcome<std::string> ApplyPatch(std::string_view base, std::string_view patch);

}  // namespace repl
