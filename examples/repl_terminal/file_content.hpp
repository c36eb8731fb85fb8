#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "outcome.hpp"

namespace repl {

// Reads a whole file; `what` is its subject in messages. Refuses what is no ordinary file, or larger
// than `max_bytes`.
Outcome<std::string> ReadBytes(int file, const std::string& what, std::size_t max_bytes);

// The same for text: refuses besides what is not UTF-8, or holds a NUL.
Outcome<std::string> ReadText(int file, const std::string& what, std::size_t max_bytes);

// Replaces the file `name` in a folder in one step: who reads it sees the old content or the new
// one, and a failure (a full disk) leaves the old one whole. `old` is what it was when it was read:
// where it is another by now, that is a conflict. Mode, and where allowed owner and group, are kept;
// hard links are not.
Outcome<> ReplaceContent(int folder, const std::string& name, const std::string& what, const struct stat& old,
                         std::string_view content);

}  // namespace repl
