#include "workspace.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "content_hash.hpp"
#include "file_content.hpp"
#include "file_problem.hpp"
#include "folder_tree.hpp"
#include "patch.hpp"
#include "random_hex.hpp"
#include "workspace_path.hpp"

namespace repl {
namespace {

// A path and its open parent folder, for the *at system calls.
struct Location {
  WorkspacePath path;
  UniqueFd folder;

  const char* Name() const { return path.Name().c_str(); }
  Problem Describe(int error) const { return DescribeError(error, path.Quoted()); }
};

Outcome<WorkspacePath> ParseBelowRoot(std::string_view text) {
  Outcome<WorkspacePath> path = WorkspacePath::Parse(text);
  if (path && path->IsRoot()) return Problem{"The root of the workspace cannot be changed, only its contents."};
  return path;
}

enum class Parents { Expect, Make };

Outcome<Location> OpenParent(const WorkspaceRoot& root, std::string_view text, Parents parents) {
  Outcome<WorkspacePath> path = ParseBelowRoot(text);
  if (!path) return path.Error();
  UniqueFd folder = parents == Parents::Make ? root.MakeFolders(path->Parent())
                                             : root.Open(path->Parent(), WorkspaceRoot::folder_flags);
  if (!folder)
    return DescribeError(errno, parents == Parents::Make ? "The folder of " + path->Quoted() : path->Quoted());
  return Location{std::move(*path), std::move(folder)};
}

int RenameToNew(const Location& from, const char* name, const Location& to) {
  const int source = from.folder.Get(), target = to.folder.Get();
  if (::renameat2(source, name, target, to.Name(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // The file system may lack RENAME_NOREPLACE, or a folder is renamed into itself. In the second case renameat fails
  // too.
  struct stat st {};
  if (::fstatat(target, to.Name(), &st, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return ::renameat(source, name, target, to.Name()) == 0 ? 0 : errno;
}

Outcome<> MoveTo(const Location& from, const Location& to) {
  switch (const int error = RenameToNew(from, from.Name(), to)) {
    case 0:
      return Done{};
    case ENOENT:
      return from.Describe(error);
    case EINVAL:
      return Problem{from.path.Quoted() + " cannot be moved into itself."};
    case EXDEV:
      return Problem{from.path.Quoted() + " cannot be moved to another file system. Copy it instead."};
    default:
      return to.Describe(error);
  }
}

Entry ReadEntry(const WorkspaceRoot& root, const WorkspacePath& folder, int fd, const std::string& name) {
  Entry entry{.name = name};
  struct stat st {};
  if (::fstatat(fd, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return entry;
  entry.is_link = S_ISLNK(st.st_mode);
  if (entry.is_link) {
    const auto link = WorkspacePath::Parse(folder.Joined() + "/" + name);
    const UniqueFd target = link ? root.Open(*link, O_PATH) : UniqueFd();
    if (target) ::fstat(target.Get(), &st);
  }
  entry.is_folder = S_ISDIR(st.st_mode);
  entry.size = S_ISREG(st.st_mode) ? static_cast<std::uintmax_t>(st.st_size) : 0;
  entry.modified = st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1'000'000;
  return entry;
}

bool IsRegularFile(int fd) {
  struct stat st {};
  const bool is_known = ::fstat(fd, &st) == 0;
  if (is_known && !S_ISREG(st.st_mode)) errno = S_ISDIR(st.st_mode) ? EISDIR : ENXIO;
  return is_known && S_ISREG(st.st_mode);
}

// Opens a regular file for reading. Checks the type first, because opening a FIFO or a device has side effects.
UniqueFd OpenFile(const WorkspaceRoot& root, const WorkspacePath& path) {
  const UniqueFd found = root.Open(path, O_PATH);
  if (!found || !IsRegularFile(found.Get())) return UniqueFd();
  return root.Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

Workspace::Workspace(WorkspaceRoot root, WorkspaceLimits limits) : root_(std::move(root)), limits_(limits) {}

Outcome<std::vector<Entry>> Workspace::List(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  if (!path) return path.Error();
  const std::string subject = path->IsRoot() ? "The workspace" : path->Quoted();
  const UniqueFd folder = root_.Open(*path, O_RDONLY | O_DIRECTORY);
  if (!folder) return DescribeError(errno, subject);
  const auto names = ReadNames(folder.Get(), subject, limits_.max_list_entries);
  if (!names) return names.Error();
  std::vector<Entry> entries;
  for (const std::string& name : *names) entries.push_back(ReadEntry(root_, *path, folder.Get(), name));
  std::sort(entries.begin(), entries.end(), [](const Entry& one, const Entry& other) {
    return one.is_folder != other.is_folder ? one.is_folder : one.name < other.name;
  });
  return entries;
}

Outcome<std::string> Workspace::Read(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  if (!path) return path.Error();
  const UniqueFd file = OpenFile(root_, *path);
  if (!file && errno == EACCES) return Problem{path->Quoted() + " may not be read: permission denied."};
  if (!file) return DescribeError(errno, path->Quoted());
  return ReadText(file.Get(), path->Quoted(), limits_.max_file_bytes);
}

FileList Workspace::ListFiles() const {
  return ListFilesBelow(root_, limits_.file_list);
}

FileStatus Workspace::Stat(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  const UniqueFd found = path ? root_.Open(*path, O_PATH) : UniqueFd();
  struct stat st {};
  if (!found || ::fstat(found.Get(), &st) != 0) return {};
  if (S_ISDIR(st.st_mode)) return {FileStatus::Kind::Folder, ""};
  const UniqueFd file = OpenFile(root_, *path);
  const auto content = file ? ReadBytes(file.Get(), path->Quoted(), limits_.max_file_bytes) : Problem{};
  return {FileStatus::Kind::File, content ? ContentHash(*content) : ""};
}

Outcome<std::string> Workspace::Patch(std::string_view text, std::string_view patch, std::string_view base) {
  const auto location = OpenParent(root_, text, Parents::Expect);
  if (!location) return location.Error();
  const std::string subject = location->path.Quoted();
  const std::lock_guard lock(saving_);

  struct stat st {};
  if (::fstatat(location->folder.Get(), location->Name(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return location->Describe(errno);
  if (S_ISLNK(st.st_mode)) return Problem{subject + " is a link. Open the link's target instead."};
  if (!S_ISREG(st.st_mode)) return location->Describe(S_ISDIR(st.st_mode) ? EISDIR : ENXIO);
  // Also opened for writing, because a rename would replace a file without write permission.
  const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(location->folder.Get(), location->Name(), flags));
  if (!file && errno == EACCES) return Problem{subject + " may not be changed: permission denied."};
  if (!file || ::fstat(file.Get(), &st) != 0) return location->Describe(errno);
  const auto content = ReadText(file.Get(), subject, limits_.max_file_bytes);
  if (!content) return content.Error();
  std::string hash = ContentHash(*content);
  if (!base.empty() && base != hash) {
    return Problem{subject + " has changed since it was opened, so nothing was saved.", Problem::Kind::Conflict};
  }

  const auto changed = ApplyPatch(*content, patch);
  if (!changed) return changed.Error();
  if (changed->size() > limits_.max_file_bytes) return Problem{subject + " would become too large."};
  if (*changed == *content) return hash;
  const auto replaced = ReplaceContent(location->folder.Get(), location->path.Name(), subject, st, *changed);
  if (!replaced) return replaced.Error();
  return ContentHash(*changed);
}

Outcome<> Workspace::CreateFile(std::string_view text) {
  const auto location = OpenParent(root_, text, Parents::Make);
  if (!location) return location.Error();
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(location->folder.Get(), location->Name(), flags, 0666));
  if (!file) return location->Describe(errno);
  return Done{};
}

Outcome<> Workspace::CreateFolder(std::string_view text) {
  const auto location = OpenParent(root_, text, Parents::Make);
  if (!location) return location.Error();
  if (::mkdirat(location->folder.Get(), location->Name(), 0777) != 0) return location->Describe(errno);
  return Done{};
}

Outcome<> Workspace::Copy(std::string_view from, std::string_view to) {
  const auto source = OpenParent(root_, from, Parents::Expect);
  if (!source) return source.Error();
  const auto target_path = ParseBelowRoot(to);
  if (!target_path) return target_path.Error();
  const Problem into_itself{source->path.Quoted() + " cannot be copied into itself."};
  if (target_path->IsWithin(source->path)) return into_itself;
  struct stat st {};
  if (::fstatat(source->folder.Get(), source->Name(), &st, AT_SYMLINK_NOFOLLOW) != 0) return source->Describe(errno);

  const auto target = OpenParent(root_, to, Parents::Make);
  if (!target) return target.Error();
  if (S_ISDIR(st.st_mode) && IsBelow(target->folder.Get(), st, root_.Get())) return into_itself;

  // Renames the copy when it is complete, and only if the target does not exist.
  const std::string temporary = ".copy-" + RandomHex(8);
  TreeBudget budget{limits_.max_tree_entries, limits_.max_tree_depth, limits_.max_copy_bytes};
  Outcome<> copied = CopyTree(source->folder.Get(), source->path.Name(), target->folder.Get(), temporary,
                              source->path.Quoted(), budget);
  if (copied) {
    const int error = RenameToNew(*target, temporary.c_str(), *target);
    if (error == 0) return Done{};
    copied = target->Describe(error);
  }
  TreeBudget all{limits_.max_tree_entries, limits_.max_tree_depth, 0};
  const Outcome<> tidied = DeleteTree(target->folder.Get(), temporary, target->path.Quoted(), all);
  return tidied ? copied : tidied;
}

Outcome<> Workspace::Move(std::string_view from, std::string_view to) {
  const Outcome<> found = Find(from);
  if (!found) return found;
  const auto target = OpenParent(root_, to, Parents::Make);
  if (!target) return target.Error();
  const auto source = OpenParent(root_, from, Parents::Expect);
  if (!source) return source.Error();
  return MoveTo(*source, *target);
}

Outcome<> Workspace::Rename(std::string_view from, std::string_view to) {
  const auto source = OpenParent(root_, from, Parents::Expect);
  if (!source) return source.Error();
  const auto target = OpenParent(root_, to, Parents::Expect);
  if (!target) return target.Error();
  return MoveTo(*source, *target);
}

Outcome<> Workspace::Delete(std::string_view text) {
  const auto path = ParseBelowRoot(text);
  if (!path) return path.Error();
  const UniqueFd folder = root_.Open(path->Parent(), WorkspaceRoot::folder_flags);
  if (!folder && (errno == ENOENT || errno == ENOTDIR)) return Done{};
  if (!folder) return DescribeError(errno, path->Quoted());
  TreeBudget budget{limits_.max_tree_entries, limits_.max_tree_depth, 0};
  return DeleteTree(folder.Get(), path->Name(), path->Quoted(), budget);
}

Outcome<> Workspace::Find(std::string_view text) const {
  const auto location = OpenParent(root_, text, Parents::Expect);
  if (!location) return location.Error();
  struct stat st {};
  if (::fstatat(location->folder.Get(), location->Name(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return location->Describe(errno);
  return Done{};
}

}  // namespace repl
