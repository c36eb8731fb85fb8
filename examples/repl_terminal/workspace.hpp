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
  bool is_folder = false;  // also a link to one inside the workspace
  bool is_link = false;
  std::uintmax_t size = 0;    // bytes; of files
  std::int64_t modified = 0;  // milliseconds since 1970
};

// What is at a path, at a glance.
struct Glance {
  enum class Kind { Nothing, Folder, File };

  Kind kind = Kind::Nothing;
  std::string hash;  // ContentHash of an ordinary file that may be read and is not too large
};

struct WorkspaceLimits {
  std::size_t max_file_bytes = 4 * 1024 * 1024;  // of a file that is read or saved
  std::size_t max_list_entries = 10'000;         // of one folder
  std::size_t max_tree_entries = 100'000;        // of what is copied or deleted at once …
  std::size_t max_tree_depth = 64;               // … its depth …
  std::uintmax_t max_copy_bytes = 1u << 30;      // … and what a copy may write
  FileListBounds file_list = {};                 // of ListFiles
};

// A folder on disk as a remote editor sees it. Paths are relative to the root; what leads out of
// it, by text, by links, or by links swapped in meanwhile, is a problem. Nothing that exists is
// ever overwritten but by Patch. Threads: any; the verbs block, so call them on a pool.
class Workspace final {
 public:
  explicit Workspace(WorkspaceRoot root, WorkspaceLimits limits = {});

  // Folders first, then by name.
  Outcome<std::vector<Entry>> List(std::string_view path) const;

  Outcome<std::string> Read(std::string_view path) const;

  // All files, for somebody who looks for one by its name.
  FileList ListFiles() const;

  // Changes nothing, not even a FIFO that somebody waits at. What leads out is nothing.
  Glance Look(std::string_view path) const;

  // Saves a change, given as diff-match-patch text: reads, patches and replaces the file in one
  // step, and gives back the ContentHash of what it then holds. `base` is that of what the patch was
  // made from; without it (empty) the patch is judged by its own context. Where it does not fit what
  // the file now holds (Problem::Kind::Conflict), or on any failure, the file stays whole.
  Outcome<std::string> Patch(std::string_view path, std::string_view patch, std::string_view base = {});

  // These make the parent folders that are missing.
  Outcome<> CreateFile(std::string_view path);
  Outcome<> CreateFolder(std::string_view path);
  Outcome<> Copy(std::string_view from, std::string_view to);  // `to` is the new name in full
  Outcome<> Move(std::string_view from, std::string_view to);

  // Makes no parents.
  Outcome<> Rename(std::string_view from, std::string_view to);

  // What does not exist is deleted already. After a problem part of a folder may be gone.
  Outcome<> Delete(std::string_view path);

  // Whether there is something that could be moved or copied.
  Outcome<> Find(std::string_view path) const;

  // What it is confined to; lives as long.
  const WorkspaceRoot& Root() const { return root_; }

 private:
  WorkspaceRoot root_;
  WorkspaceLimits limits_;
  std::mutex saving_;
};

}  // namespace repl
