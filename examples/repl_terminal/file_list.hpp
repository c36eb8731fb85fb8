#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "workspace_root.hpp"

namespace repl {

struct FileListBounds {
  std::size_t max_files = 10'000;
  std::size_t max_depth = 32;                // folders below each other
  std::size_t max_waiting_folders = 10'000;  // that are found and not looked into yet
  std::chrono::milliseconds max_time{2000};
};

struct FileList {
  std::vector<std::string> paths;  // by name
  bool truncated = false;          // a bound was met: there are more
};

// The files below the root, those near it first where there are too many. Leaves out folders that
// are hidden or called node_modules, links, what may not be read, and names that are not UTF-8.
FileList ListFilesBelow(const WorkspaceRoot& root, const FileListBounds& bounds);

}  // namespace repl
