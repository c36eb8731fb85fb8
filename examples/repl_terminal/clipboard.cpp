#include "clipboard.hpp"

namespace repl {

Outcome<> Clipboard::Cut(std::string_view path) {
  const Outcome<> found = workspace_.Find(path);
  if (found) path_ = path;
  return found;
}

Outcome<> Clipboard::Paste(std::string_view target) {
  if (!path_) return Problem{"There is nothing to paste. Cut a file or folder first."};
  const Outcome<> moved = workspace_.Move(*path_, target);
  if (moved) path_.reset();
  return moved;
}

}  // namespace repl
