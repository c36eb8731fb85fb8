#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "workspace.hpp"

namespace repl {

// Remembers one path that was cut, until it is pasted. Belongs to one connection. Not thread-safe.
class Clipboard final {
 public:
  explicit Clipboard(Workspace& workspace) : workspace_(workspace) {}

  // Remembers the path. The file is not moved before Paste.
  Outcome<> Cut(std::string_view path);

  // Moves the file that was cut to its new full path, and forgets it. If the move fails, the path is kept.
  Outcome<> Paste(std::string_view target);

 private:
  Workspace& workspace_;
  std::optional<std::string> path_;
};

}  // namespace repl
