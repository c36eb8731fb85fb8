#pragma once

#include <fcntl.h>

#include <string>

#include "outcome.hpp"
#include "unique_fd.hpp"
#include "workspace_path.hpp"

namespace repl {

// The root folder of a workspace. A file that is opened through it lies below it at the time of opening, even if
// another process swaps folders for links meanwhile. Thread-safe.
class WorkspaceRoot final {
 public:
  // How paths are resolved. Best: with openat2, which follows links that stay below the root. Walk: one component at a
  // time, without following links, for kernels without openat2 (before 5.6).
  enum class Resolver { Best, Walk };

  // Opens a folder as a base for other *at calls. It cannot be read.
  static constexpr int folder_flags = O_PATH | O_DIRECTORY;

  static Outcome<WorkspaceRoot> Open(const std::string& folder, Resolver resolver = Resolver::Best);

  // Like openat, with O_CLOEXEC. On failure the result is empty and errno is set. EXDEV and ELOOP mean that the path
  // leads out of the root.
  UniqueFd Open(const WorkspacePath& path, int flags) const;

  // Opens a folder and creates it and its parents if they are missing. Errors as above.
  UniqueFd MakeFolders(const WorkspacePath& path) const;

  int Get() const { return folder_.Get(); }

 private:
  WorkspaceRoot(UniqueFd folder, bool has_openat2) : folder_(std::move(folder)), has_openat2_(has_openat2) {}

  UniqueFd Walk(const WorkspacePath& path, int flags) const;

  UniqueFd folder_;
  bool has_openat2_;
};

}  // namespace repl
