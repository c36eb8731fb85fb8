#include "folder_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "file_problem.hpp"
#include "unique_fd.hpp"

namespace repl {
namespace {

constexpr int listing_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool IsSameFile(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

Problem TooMuch(const std::string& subject) {
  return {subject + " contains too much for one operation."};
}

Outcome<> CopyFile(int from, const std::string& name, int to, const std::string& new_name, const std::string& subject,
                   TreeBudget& budget) {
  const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st {};
  if (!source || ::fstat(source.Get(), &st) != 0) return DescribeError(errno, subject);
  if (!S_ISREG(st.st_mode)) return DescribeError(ENXIO, subject);
  if (static_cast<std::uintmax_t>(st.st_size) > budget.bytes) return TooMuch(subject);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd target(::openat(to, new_name.c_str(), flags, 0600));
  if (!target) return DescribeError(errno, subject);
  for (;;) {
    const ssize_t size = ::sendfile(target.Get(), source.Get(), nullptr, 1 << 20);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return DescribeError(errno, subject);
    if (size == 0) break;
    if (static_cast<std::uintmax_t>(size) > budget.bytes) return TooMuch(subject);
    budget.bytes -= static_cast<std::uintmax_t>(size);
  }
  if (::fchmod(target.Get(), st.st_mode & 0777) != 0) return DescribeError(errno, subject);
  return Done{};
}

Outcome<> CopyLink(int from, const std::string& name, int to, const std::string& new_name, const std::string& subject) {
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(from, name.c_str(), target, sizeof target);
  if (size < 0) return DescribeError(errno, subject);
  const std::string text(target, static_cast<std::size_t>(size));
  if (::symlinkat(text.c_str(), to, new_name.c_str()) != 0) return DescribeError(errno, subject);
  return Done{};
}

Outcome<> CopyFolder(int from, const std::string& name, int to, const std::string& new_name, const std::string& subject,
                     TreeBudget& budget) {
  const UniqueFd source(::openat(from, name.c_str(), listing_flags));
  struct stat st {};
  if (!source || ::fstat(source.Get(), &st) != 0) return DescribeError(errno, subject);
  const auto names = ReadNames(source.Get(), subject, budget.entries);
  if (!names) return names.Error();
  if (::mkdirat(to, new_name.c_str(), 0700) != 0) return DescribeError(errno, subject);
  const UniqueFd target(::openat(to, new_name.c_str(), listing_flags));
  if (!target) return DescribeError(errno, subject);
  for (const std::string& entry : *names) {
    const Outcome<> copied = CopyTree(source.Get(), entry, target.Get(), entry, subject, budget);
    if (!copied) return copied;
  }
  if (::fchmod(target.Get(), st.st_mode & 0777) != 0) return DescribeError(errno, subject);
  return Done{};
}

// Takes one entry from the budget, and one level of depth until its destruction.
class Descent final {
 public:
  explicit Descent(TreeBudget& budget) : budget_(budget), has_room_(budget.entries > 0 && budget.depth > 0) {
    budget_.entries -= has_room_;
    budget_.depth -= has_room_;
  }
  ~Descent() { budget_.depth += has_room_; }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

  bool HasRoom() const { return has_room_; }

 private:
  TreeBudget& budget_;
  bool has_room_;
};

}  // namespace

Outcome<std::vector<std::string>> ReadNames(int folder, const std::string& subject, std::size_t max_names) {
  UniqueFd own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return DescribeError(errno, subject);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(own.Get()), ::closedir);
  if (!entries) return DescribeError(errno, subject);
  own.Release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == max_names) return TooMuch(subject);
    names.push_back(name);
  }
  return names;
}

Outcome<> CopyTree(int from, const std::string& name, int to, const std::string& new_name, const std::string& subject,
                   TreeBudget& budget) {
  const Descent descent(budget);
  if (!descent.HasRoom()) return TooMuch(subject);
  struct stat st {};
  if (::fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return DescribeError(errno, subject);
  if (S_ISDIR(st.st_mode)) return CopyFolder(from, name, to, new_name, subject, budget);
  if (S_ISLNK(st.st_mode)) return CopyLink(from, name, to, new_name, subject);
  if (S_ISREG(st.st_mode)) return CopyFile(from, name, to, new_name, subject, budget);
  return Problem{subject + " contains “" + name + "”, which is not a regular file."};
}

Outcome<> DeleteTree(int folder, const std::string& name, const std::string& subject, TreeBudget& budget) {
  const Descent descent(budget);
  if (!descent.HasRoom()) return TooMuch(subject);
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return Done{};
  if (errno != EISDIR) return DescribeError(errno, subject);
  const UniqueFd inside(::openat(folder, name.c_str(), listing_flags));
  if (!inside) return DescribeError(errno, subject);
  const auto names = ReadNames(inside.Get(), subject, budget.entries);
  if (!names) return names.Error();
  for (const std::string& entry : *names) {
    const Outcome<> deleted = DeleteTree(inside.Get(), entry, subject, budget);
    if (!deleted) return deleted;
  }
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return DescribeError(errno, subject);
  return Done{};
}

bool IsBelow(int folder, const struct stat& above, int root) {
  struct stat top {
  }, here{};
  ::fstat(root, &top);
  UniqueFd at(::openat(folder, ".", O_PATH | O_CLOEXEC));
  for (int depth = 0; depth < PATH_MAX && at && ::fstat(at.Get(), &here) == 0; ++depth) {
    if (IsSameFile(here, above)) return true;
    if (IsSameFile(here, top)) return false;
    at = UniqueFd(::openat(at.Get(), "..", O_PATH | O_CLOEXEC));
  }
  return true;  // unknown, so refuse
}

}  // namespace repl
