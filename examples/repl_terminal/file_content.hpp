#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "outcome.hpp"

namespace repl {

// Reads a whole file. `subject` names the file in error messages. Fails if the file is not a regular file or is larger
// than `max_bytes`.
Outcome<std::string> ReadBytes(int file, const std::string& subject, std::size_t max_bytes);

// Like ReadBytes, and fails if the content is not UTF-8 or contains a NUL.
Outcome<std::string> ReadText(int file, const std::string& subject, std::size_t max_bytes);

// Replaces the content of the file `name` in a folder atomically: a reader sees the old content or the new content,
// and a failure (a full disk) leaves the old content intact. `old` is the file's state at the time it was read. If the
// file has changed since, the outcome is a conflict. Keeps the mode, and the owner and group if permitted. Breaks hard
// links.
Outcome<> ReplaceContent(int folder, const std::string& name, const std::string& subject, const struct stat& old,
                         std::string_view content);

}  // namespace repl
