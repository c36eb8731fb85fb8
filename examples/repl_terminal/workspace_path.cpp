#include "workspace_path.hpp"

#include <limits.h>

#include <algorithm>

namespace repl {

Outcome<WorkspacePath> WorkspacePath::Parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return Problem{"A path cannot contain a NUL."};
  if (text.size() >= PATH_MAX) return Problem{"The path is too long."};

  WorkspacePath path;
  path.text_ = text;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (part.empty() || part == ".") continue;
    if (part.size() > NAME_MAX) return Problem{"A name in " + path.Quoted() + " is too long."};
    if (part != "..") {
      path.parts_.emplace_back(part);
    } else if (path.IsRoot()) {
      return Problem{path.Quoted() + " leads out of the workspace."};
    } else {
      path.parts_.pop_back();
    }
  }
  return path;
}

std::string WorkspacePath::Joined() const {
  std::string joined;
  for (const std::string& part : parts_) joined += (joined.empty() ? "" : "/") + part;
  return joined.empty() ? "." : joined;
}

WorkspacePath WorkspacePath::Parent() const {
  WorkspacePath parent = *this;
  parent.parts_.pop_back();
  return parent;
}

bool WorkspacePath::IsWithin(const WorkspacePath& folder) const {
  return parts_.size() >= folder.parts_.size() &&
         std::equal(folder.parts_.begin(), folder.parts_.end(), parts_.begin());
}

}  // namespace repl
