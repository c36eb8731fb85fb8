#include "workspace_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>

#include "file_problem.hpp"

namespace repl {
namespace {

UniqueFd OpenBeneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
    // EAGAIN: a concurrent rename prevented a safe resolution.
    if (fd || errno != EAGAIN || attempt == 100) return fd;
  }
}

// Opens one component for Walk. A link fails with EXDEV, like with openat2, so that it is reported as leading out.
UniqueFd OpenPart(int folder, const std::string& part, int flags) {
  UniqueFd fd(::openat(folder, part.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
  const int error = errno;
  struct stat st {};
  const bool is_link = !fd && ::fstatat(folder, part.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
  errno = is_link ? EXDEV : error;
  return fd;
}

}  // namespace

Outcome<WorkspaceRoot> WorkspaceRoot::Open(const std::string& folder, Resolver resolver) {
  UniqueFd fd(::open(folder.c_str(), folder_flags | O_CLOEXEC));
  if (!fd) return DescribeError(errno, "The workspace “" + folder + "”");
  const bool has_openat2 = resolver == Resolver::Best && OpenBeneath(fd.Get(), ".", folder_flags);
  return WorkspaceRoot(std::move(fd), has_openat2);
}

UniqueFd WorkspaceRoot::Open(const WorkspacePath& path, int flags) const {
  return has_openat2_ ? OpenBeneath(Get(), path.Joined(), flags) : Walk(path, flags);
}

UniqueFd WorkspaceRoot::Walk(const WorkspacePath& path, int flags) const {
  UniqueFd folder(::openat(Get(), ".", (path.IsRoot() ? flags : folder_flags) | O_CLOEXEC));
  if (path.IsRoot()) return folder;
  const WorkspacePath parent = path.Parent();
  for (const std::string& part : parent.Parts()) {
    UniqueFd next = OpenPart(folder.Get(), part, folder_flags);
    if (!next) return next;
    folder = std::move(next);
  }
  return OpenPart(folder.Get(), path.Name(), flags);
}

UniqueFd WorkspaceRoot::MakeFolders(const WorkspacePath& path) const {
  UniqueFd folder = Open(path, folder_flags);
  if (folder || errno != ENOENT || path.IsRoot()) return folder;
  const UniqueFd parent = MakeFolders(path.Parent());
  if (!parent) return UniqueFd();
  if (::mkdirat(parent.Get(), path.Name().c_str(), 0777) != 0 && errno != EEXIST) return UniqueFd();
  return Open(path, folder_flags);
}

}  // namespace repl
