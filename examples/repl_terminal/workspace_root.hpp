#pragma once

#include <fcntl.h>

#include <string>

#include "outcome.hpp"
#include "unique_fd.hpp"
#include "workspace_path.hpp"

namespace repl {

// The folder that a workspace is confined to. Whatever is opened through it lies below it when it
// is opened, also while somebody swaps folders for links. Threads: any.
class WorkspaceRoot final {
 public:
  // How paths are resolved. Kernel: openat2, which follows links as long as they stay below the
  // root. Walk: part by part and through no link at all, for kernels without openat2 (before 5.6).
  enum class Resolver { Best, Walk };

  // Opens a folder for what lies in it, not to be read.
  static constexpr int folder_flags = O_PATH | O_DIRECTORY;

  static Outcome<WorkspaceRoot> Open(const std::string& folder, Resolver resolver = Resolver::Best);

  // Like openat, close-on-exec. On failure the result is empty and errno tells why; EXDEV and
  // ELOOP mean that the path leads out.
  UniqueFd Open(const WorkspacePath& path, int flags) const;

  // Opens a folder, making it and the folders above it where they are missing. Errors as above.
  UniqueFd MakeFolders(const WorkspacePath& path) const;

  int Get() const { return folder_.Get(); }

 private:
  WorkspaceRoot(UniqueFd folder, bool has_openat2) : folder_(std::move(folder)), has_openat2_(has_openat2) {}

  UniqueFd Walk(const WorkspacePath& path, int flags) const;

  UniqueFd folder_;
  bool has_openat2_;
};

}  // namespace repl
