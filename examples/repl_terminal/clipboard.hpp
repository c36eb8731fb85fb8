#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workspace.hpp"

namespace repl {

// What one person has cut and not pasted yet. Belongs to one connection; not thread-safe.
class Clipboard final {
 public:
  explicit Clipboard(Workspace& workspace) : workspace_(workspace) {}

  // Remembers a path; nothing moves before Paste.
  Outcome<> Cut(std::string_view path);

  // Moves what was cut to its full new path, and forgets it; after a problem it is kept.
  Outcome<> Paste(std::string_view target);

 private:
  Workspace& workspace_;
  std::optional<std::string> path_;
};

}  // namespace repl
