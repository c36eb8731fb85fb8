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

// A name in an open folder: what can be made, renamed or deleted.
struct Place {
  WorkspacePath path;
  UniqueFd folder;

  const char* Name() const { return path.Name().c_str(); }
  Problem Why(int error) const { return Explain(error, path.Quoted()); }
};

Outcome<WorkspacePath> ParseBelowRoot(std::string_view text) {
  Outcome<WorkspacePath> path = WorkspacePath::Parse(text);
  if (path && path->IsRoot()) return Problem{"The workspace itself cannot be changed, only what is in it."};
  return path;
}

enum class Parents { Expect, Make };

Outcome<Place> FindPlace(const WorkspaceRoot& root, std::string_view text, Parents parents) {
  Outcome<WorkspacePath> path = ParseBelowRoot(text);
  if (!path) return path.Why();
  UniqueFd folder = parents == Parents::Make ? root.MakeFolders(path->Parent())
                                             : root.Open(path->Parent(), WorkspaceRoot::folder_flags);
  if (!folder) return Explain(errno, parents == Parents::Make ? "The folder of " + path->Quoted() : path->Quoted());
  return Place{std::move(*path), std::move(folder)};
}

int RenameToNew(const Place& from, const char* name, const Place& to) {
  const int source = from.folder.Get(), target = to.folder.Get();
  if (::renameat2(source, name, target, to.Name(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without the flag, or a folder renamed into itself, which fails again below.
  struct stat about {};
  if (::fstatat(target, to.Name(), &about, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return ::renameat(source, name, target, to.Name()) == 0 ? 0 : errno;
}

Outcome<> MoveTo(const Place& from, const Place& to) {
  switch (const int error = RenameToNew(from, from.Name(), to)) {
    case 0:
      return Done{};
    case ENOENT:
      return from.Why(error);
    case EINVAL:
      return Problem{from.path.Quoted() + " cannot be moved into itself."};
    case EXDEV:
      return Problem{from.path.Quoted() + " cannot be moved to another disk; copy it."};
    default:
      return to.Why(error);
  }
}

Entry Describe(const WorkspaceRoot& root, const WorkspacePath& folder, int fd, const std::string& name) {
  Entry entry{.name = name};
  struct stat about {};
  if (::fstatat(fd, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return entry;
  entry.is_link = S_ISLNK(about.st_mode);
  if (entry.is_link) {
    const auto link = WorkspacePath::Parse(folder.Joined() + "/" + name);
    const UniqueFd target = link ? root.Open(*link, O_PATH) : UniqueFd();
    if (target) ::fstat(target.Get(), &about);
  }
  entry.is_folder = S_ISDIR(about.st_mode);
  entry.size = S_ISREG(about.st_mode) ? static_cast<std::uintmax_t>(about.st_size) : 0;
  entry.modified = about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1'000'000;
  return entry;
}

bool IsOrdinary(int fd) {
  struct stat about {};
  const bool is_known = ::fstat(fd, &about) == 0;
  if (is_known && !S_ISREG(about.st_mode)) errno = S_ISDIR(about.st_mode) ? EISDIR : ENXIO;
  return is_known && S_ISREG(about.st_mode);
}

// Opens an ordinary file to read it, and nothing else: to open a FIFO or a device is an act already.
UniqueFd OpenFile(const WorkspaceRoot& root, const WorkspacePath& path) {
  const UniqueFd found = root.Open(path, O_PATH);
  if (!found || !IsOrdinary(found.Get())) return UniqueFd();
  return root.Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

}  // namespace

Workspace::Workspace(WorkspaceRoot root, WorkspaceLimits limits) : root_(std::move(root)), limits_(limits) {}

Outcome<std::vector<Entry>> Workspace::List(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  if (!path) return path.Why();
  const std::string what = path->IsRoot() ? "The workspace" : path->Quoted();
  const UniqueFd folder = root_.Open(*path, O_RDONLY | O_DIRECTORY);
  if (!folder) return Explain(errno, what);
  const auto names = NamesIn(folder.Get(), what, limits_.max_list_entries);
  if (!names) return names.Why();
  std::vector<Entry> entries;
  for (const std::string& name : *names) entries.push_back(Describe(root_, *path, folder.Get(), name));
  std::sort(entries.begin(), entries.end(), [](const Entry& one, const Entry& other) {
    return one.is_folder != other.is_folder ? one.is_folder : one.name < other.name;
  });
  return entries;
}

Outcome<std::string> Workspace::Read(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  if (!path) return path.Why();
  const UniqueFd file = OpenFile(root_, *path);
  if (!file && errno == EACCES) return Problem{path->Quoted() + " may not be read: permission denied."};
  if (!file) return Explain(errno, path->Quoted());
  return ReadText(file.Get(), path->Quoted(), limits_.max_file_bytes);
}

FileList Workspace::ListFiles() const {
  return ListFilesBelow(root_, limits_.file_list);
}

Glance Workspace::Look(std::string_view text) const {
  const auto path = WorkspacePath::Parse(text);
  const UniqueFd found = path ? root_.Open(*path, O_PATH) : UniqueFd();
  struct stat about {};
  if (!found || ::fstat(found.Get(), &about) != 0) return {};
  if (S_ISDIR(about.st_mode)) return {Glance::Kind::Folder, ""};
  const UniqueFd file = OpenFile(root_, *path);
  const auto content = file ? ReadBytes(file.Get(), path->Quoted(), limits_.max_file_bytes) : Problem{};
  return {Glance::Kind::File, content ? ContentHash(*content) : ""};
}

Outcome<std::string> Workspace::Patch(std::string_view text, std::string_view patch, std::string_view base) {
  const auto place = FindPlace(root_, text, Parents::Expect);
  if (!place) return place.Why();
  const std::string what = place->path.Quoted();
  const std::lock_guard lock(saving_);

  struct stat about {};
  if (::fstatat(place->folder.Get(), place->Name(), &about, AT_SYMLINK_NOFOLLOW) != 0) return place->Why(errno);
  if (S_ISLNK(about.st_mode)) return Problem{what + " is a link; open the file that it leads to."};
  if (!S_ISREG(about.st_mode)) return place->Why(S_ISDIR(about.st_mode) ? EISDIR : ENXIO);
  // Opened for writing too, so that a file that may not be written is not replaced.
  const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(place->folder.Get(), place->Name(), flags));
  if (!file && errno == EACCES) return Problem{what + " may not be changed: permission denied."};
  if (!file || ::fstat(file.Get(), &about) != 0) return place->Why(errno);
  const auto content = ReadText(file.Get(), what, limits_.max_file_bytes);
  if (!content) return content.Why();
  std::string hash = ContentHash(*content);
  if (!base.empty() && base != hash) {
    return Problem{what + " has changed since it was opened, so nothing was saved.", Problem::Kind::Conflict};
  }

  const auto changed = ApplyPatch(*content, patch);
  if (!changed) return changed.Why();
  if (changed->size() > limits_.max_file_bytes) return Problem{what + " would become too large."};
  if (*changed == *content) return hash;
  const auto replaced = ReplaceContent(place->folder.Get(), place->path.Name(), what, about, *changed);
  if (!replaced) return replaced.Why();
  return ContentHash(*changed);
}

Outcome<> Workspace::CreateFile(std::string_view text) {
  const auto place = FindPlace(root_, text, Parents::Make);
  if (!place) return place.Why();
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(place->folder.Get(), place->Name(), flags, 0666));
  if (!file) return place->Why(errno);
  return Done{};
}

Outcome<> Workspace::CreateFolder(std::string_view text) {
  const auto place = FindPlace(root_, text, Parents::Make);
  if (!place) return place.Why();
  if (::mkdirat(place->folder.Get(), place->Name(), 0777) != 0) return place->Why(errno);
  return Done{};
}

Outcome<> Workspace::Copy(std::string_view from, std::string_view to) {
  const auto source = FindPlace(root_, from, Parents::Expect);
  if (!source) return source.Why();
  const auto target_path = ParseBelowRoot(to);
  if (!target_path) return target_path.Why();
  const Problem into_itself{source->path.Quoted() + " cannot be copied into itself."};
  if (target_path->IsWithin(source->path)) return into_itself;
  struct stat about {};
  if (::fstatat(source->folder.Get(), source->Name(), &about, AT_SYMLINK_NOFOLLOW) != 0) return source->Why(errno);

  const auto target = FindPlace(root_, to, Parents::Make);
  if (!target) return target.Why();
  if (S_ISDIR(about.st_mode) && IsBelow(target->folder.Get(), about, root_.Get())) return into_itself;

  // The copy gets its name when it is complete, and only if nothing has that name.
  const std::string draft = ".copy-" + RandomHex(8);
  TreeBounds bounds{limits_.max_tree_entries, limits_.max_tree_depth, limits_.max_copy_bytes};
  Outcome<> copied =
      CopyTree(source->folder.Get(), source->path.Name(), target->folder.Get(), draft, source->path.Quoted(), bounds);
  if (copied) {
    const int error = RenameToNew(*target, draft.c_str(), *target);
    if (error == 0) return Done{};
    copied = target->Why(error);
  }
  TreeBounds all{limits_.max_tree_entries, limits_.max_tree_depth, 0};
  const Outcome<> tidied = DeleteTree(target->folder.Get(), draft, target->path.Quoted(), all);
  return tidied ? copied : tidied;
}

Outcome<> Workspace::Move(std::string_view from, std::string_view to) {
  const Outcome<> found = Find(from);
  if (!found) return found;
  const auto target = FindPlace(root_, to, Parents::Make);
  if (!target) return target.Why();
  const auto source = FindPlace(root_, from, Parents::Expect);
  if (!source) return source.Why();
  return MoveTo(*source, *target);
}

Outcome<> Workspace::Rename(std::string_view from, std::string_view to) {
  const auto source = FindPlace(root_, from, Parents::Expect);
  if (!source) return source.Why();
  const auto target = FindPlace(root_, to, Parents::Expect);
  if (!target) return target.Why();
  return MoveTo(*source, *target);
}

Outcome<> Workspace::Delete(std::string_view text) {
  const auto path = ParseBelowRoot(text);
  if (!path) return path.Why();
  const UniqueFd folder = root_.Open(path->Parent(), WorkspaceRoot::folder_flags);
  if (!folder && (errno == ENOENT || errno == ENOTDIR)) return Done{};
  if (!folder) return Explain(errno, path->Quoted());
  TreeBounds bounds{limits_.max_tree_entries, limits_.max_tree_depth, 0};
  return DeleteTree(folder.Get(), path->Name(), path->Quoted(), bounds);
}

Outcome<> Workspace::Find(std::string_view text) const {
  const auto place = FindPlace(root_, text, Parents::Expect);
  if (!place) return place.Why();
  struct stat about {};
  if (::fstatat(place->folder.Get(), place->Name(), &about, AT_SYMLINK_NOFOLLOW) != 0) return place->Why(errno);
  return Done{};
}

}  // namespace repl
