#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "outcome.hpp"

namespace repl {

// What one operation on a tree may still touch; it counts down.
struct TreeBounds {
  std::size_t entries;
  std::size_t depth;
  std::uintmax_t bytes;
};

// The names in a folder, "." and ".." left out. More than `max_names` are a problem.
Outcome<std::vector<std::string>> NamesIn(int folder, const std::string& what, std::size_t max_names);

// Copies a file, a link as a link, or a folder with all it holds to a name that must not exist.
// Follows no link; refuses devices, sockets and FIFOs. After a problem part of the copy exists.
Outcome<> CopyTree(int from, const std::string& name, int to, const std::string& new_name, const std::string& what,
                   TreeBounds& bounds);

// Deletes a file, a link, or a folder with all it holds; what does not exist is deleted already.
Outcome<> DeleteTree(int folder, const std::string& name, const std::string& what, TreeBounds& bounds);

// Whether `folder` is the folder `above` or lies below it, whatever links led there; `root` is
// where the search upwards ends.
bool IsBelow(int folder, const struct stat& above, int root);

}  // namespace repl
