#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "file_list.hpp"
#include "outcome.hpp"
#include "workspace_root.hpp"

namespace repl {

struct Entry {
  std::string name;
  bool is_folder = false;  // true for a folder, and for a link to a folder inside the workspace
  bool is_link = false;
  std::uintmax_t size = 0;    // in bytes; 0 for a folder
  std::int64_t modified = 0;  // milliseconds since 1970
};

// The kind of a path and the hash of its content.
struct FileStatus {
  enum class Kind { Missing, Folder, File };

  Kind kind = Kind::Missing;
  std::string hash;  // ContentHash; empty unless it is a regular file that can be read and is not too large
};

struct WorkspaceLimits {
  std::size_t max_file_bytes = 4 * 1024 * 1024;  // of a file that is read or saved
  std::size_t max_list_entries = 10'000;         // of one folder
  std::size_t max_tree_entries = 100'000;        // of one copy or delete operation
  std::size_t max_tree_depth = 64;               // of one copy or delete operation
  std::uintmax_t max_copy_bytes = 1u << 30;      // of one copy operation
  FileListLimits file_list = {};                 // of ListFiles
};

// A folder on disk with the operations of a remote editor. Paths are relative to the root. A path that leads out of
// the root (by "..", by a link, or by a link that is swapped in during the operation) is a problem. Only Patch
// overwrites existing files. Thread-safe. The functions block, so call them on a thread pool.
class Workspace final {
 public:
  explicit Workspace(WorkspaceRoot root, WorkspaceLimits limits = {});

  // Returns the folders first, each group sorted by name.
  Outcome<std::vector<Entry>> List(std::string_view path) const;

  Outcome<std::string> Read(std::string_view path) const;

  // Lists all files, for a search by name.
  FileList ListFiles() const;

  // Has no side effects, not even on a FIFO. A path that leads out of the root is Missing.
  FileStatus Stat(std::string_view path) const;

  // Saves a change, given as diff-match-patch text. Reads, patches and replaces the file atomically, and returns the
  // ContentHash of its new content. `base` is the hash of the content from which the patch was made. If it is empty,
  // the patch must match by its context. If the patch does not fit the current content (Problem::Kind::Conflict), or
  // on any other failure, the file is unchanged.
  Outcome<std::string> Patch(std::string_view path, std::string_view patch, std::string_view base = {});

  // These four create missing parent folders.
  Outcome<> CreateFile(std::string_view path);
  Outcome<> CreateFolder(std::string_view path);
  Outcome<> Copy(std::string_view from, std::string_view to);  // `to` is the full new path
  Outcome<> Move(std::string_view from, std::string_view to);

  // Does not create parent folders.
  Outcome<> Rename(std::string_view from, std::string_view to);

  // Succeeds if the path does not exist. If it fails, part of a folder may be deleted.
  Outcome<> Delete(std::string_view path);

  // Succeeds if the path exists and can be moved or copied.
  Outcome<> Find(std::string_view path) const;

  // Valid as long as the workspace exists.
  const WorkspaceRoot& Root() const { return root_; }

 private:
  WorkspaceRoot root_;
  WorkspaceLimits limits_;
  std::mutex saving_;
};

}  // namespace repl
