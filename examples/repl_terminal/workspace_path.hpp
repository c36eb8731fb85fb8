#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace repl {

// A normalised path relative to the workspace's root, without "." or "..". Checks the text only, not the disk.
class WorkspacePath final {
 public:
  // "/name", "name" and "dir/../name" are equal. "", "/" and "." are the root. A text that leaves the root at any
  // point ("a/../../b") is a problem, whether or not "a" exists.
  static Outcome<WorkspacePath> Parse(std::string_view text);

  bool IsRoot() const { return parts_.empty(); }
  const std::vector<std::string>& Parts() const { return parts_; }
  const std::string& Name() const { return parts_.back(); }  // precondition: not the root

  // Returns the path for system calls: "dir/name", or "." for the root.
  std::string Joined() const;
  WorkspacePath Parent() const;  // precondition: not the root

  // Returns true if the path is `folder` or lies below it.
  bool IsWithin(const WorkspacePath& folder) const;

  // Returns the original text in quotation marks, for messages.
  std::string Quoted() const { return "“" + text_ + "”"; }

 private:
  std::string text_;
  std::vector<std::string> parts_;
};

}  // namespace repl
