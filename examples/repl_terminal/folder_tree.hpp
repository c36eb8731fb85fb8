#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "outcome.hpp"

namespace repl {

// The work that one operation on a tree may still do. Counts down.
struct TreeBudget {
  std::size_t entries;
  std::size_t depth;
  std::uintmax_t bytes;
};

// Returns the names in a folder without "." and "..". Fails if there are more than `max_names`.
Outcome<std::vector<std::string>> ReadNames(int folder, const std::string& subject, std::size_t max_names);

// Copies a file, a symbolic link (as a link), or a folder with its contents to a name that must not exist. Follows no
// link. Refuses devices, sockets and FIFOs. If it fails, part of the copy may remain.
Outcome<> CopyTree(int from, const std::string& name, int to, const std::string& new_name, const std::string& subject,
                   TreeBudget& budget);

// Deletes a file, a symbolic link, or a folder with its contents. Succeeds if the name does not exist.
Outcome<> DeleteTree(int folder, const std::string& name, const std::string& subject, TreeBudget& budget);

// Returns true if `folder` is the folder `above` or lies below it, regardless of links. The search upwards ends at
// `root`.
bool IsBelow(int folder, const struct stat& above, int root);

}  // namespace repl
