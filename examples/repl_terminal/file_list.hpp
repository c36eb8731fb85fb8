#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "workspace_root.hpp"

namespace repl {

struct FileListLimits {
  std::size_t max_files = 10'000;
  std::size_t max_depth = 32;               // nesting depth of folders
  std::size_t max_queued_folders = 10'000;  // folders that were found and are not yet scanned
  std::chrono::milliseconds max_time{2000};
};

struct FileList {
  std::vector<std::string> paths;  // sorted
  bool truncated = false;          // true if a limit was reached and paths are missing
};

// Lists the files below the root. If there are too many, files near the root are listed first. Leaves out hidden
// folders, folders named node_modules, symbolic links, unreadable folders, and names that are not UTF-8.
FileList ListFilesBelow(const WorkspaceRoot& root, const FileListLimits& limits);

}  // namespace repl
