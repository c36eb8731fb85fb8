#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outcome.hpp"

namespace repl {

// A place in the workspace, judged by its text alone: relative to the root, without "." or "..".
class WorkspacePath final {
 public:
  // "/name", "dir/name" and "dir/./name" alike; "", "/" and "." are the root. A text that leaves
  // the root on its way ("a/../../b") is a problem, whether or not "a" exists.
  static Outcome<WorkspacePath> Parse(std::string_view text);

  bool IsRoot() const { return parts_.empty(); }
  const std::vector<std::string>& Parts() const { return parts_; }
  const std::string& Name() const { return parts_.back(); }  // not of the root

  // For the kernel: "dir/name", "." for the root.
  std::string Joined() const;
  WorkspacePath Parent() const;  // not of the root

  // Whether it lies below `folder`, or is it.
  bool IsWithin(const WorkspacePath& folder) const;

  // As it was asked for, in quotation marks: for messages.
  std::string Quoted() const { return "“" + text_ + "”"; }

 private:
  std::string text_;
  std::vector<std::string> parts_;
};

}  // namespace repl
