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

bool IsSame(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

Problem TooMuch(const std::string& what) {
  return {what + " holds too much to do this at once."};
}

Outcome<> CopyFile(int from, const std::string& name, int to, const std::string& new_name, const std::string& what,
                   TreeBounds& bounds) {
  const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat about {};
  if (!source || ::fstat(source.Get(), &about) != 0) return Explain(errno, what);
  if (!S_ISREG(about.st_mode)) return Explain(ENXIO, what);
  if (static_cast<std::uintmax_t>(about.st_size) > bounds.bytes) return TooMuch(what);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd target(::openat(to, new_name.c_str(), flags, 0600));
  if (!target) return Explain(errno, what);
  for (;;) {
    const ssize_t size = ::sendfile(target.Get(), source.Get(), nullptr, 1 << 20);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Explain(errno, what);
    if (size == 0) break;
    if (static_cast<std::uintmax_t>(size) > bounds.bytes) return TooMuch(what);
    bounds.bytes -= static_cast<std::uintmax_t>(size);
  }
  if (::fchmod(target.Get(), about.st_mode & 0777) != 0) return Explain(errno, what);
  return Done{};
}

Outcome<> CopyLink(int from, const std::string& name, int to, const std::string& new_name, const std::string& what) {
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(from, name.c_str(), target, sizeof target);
  if (size < 0) return Explain(errno, what);
  const std::string text(target, static_cast<std::size_t>(size));
  if (::symlinkat(text.c_str(), to, new_name.c_str()) != 0) return Explain(errno, what);
  return Done{};
}

Outcome<> CopyFolder(int from, const std::string& name, int to, const std::string& new_name, const std::string& what,
                     TreeBounds& bounds) {
  const UniqueFd source(::openat(from, name.c_str(), listing_flags));
  struct stat about {};
  if (!source || ::fstat(source.Get(), &about) != 0) return Explain(errno, what);
  const auto names = NamesIn(source.Get(), what, bounds.entries);
  if (!names) return names.Why();
  if (::mkdirat(to, new_name.c_str(), 0700) != 0) return Explain(errno, what);
  const UniqueFd target(::openat(to, new_name.c_str(), listing_flags));
  if (!target) return Explain(errno, what);
  for (const std::string& entry : *names) {
    const Outcome<> copied = CopyTree(source.Get(), entry, target.Get(), entry, what, bounds);
    if (!copied) return copied;
  }
  if (::fchmod(target.Get(), about.st_mode & 0777) != 0) return Explain(errno, what);
  return Done{};
}

// Takes one entry and one level out of the bounds for as long as it lives.
class Descent final {
 public:
  explicit Descent(TreeBounds& bounds) : bounds_(bounds), fits_(bounds.entries > 0 && bounds.depth > 0) {
    bounds_.entries -= fits_;
    bounds_.depth -= fits_;
  }
  ~Descent() { bounds_.depth += fits_; }
  Descent(const Descent&) = delete;
  Descent& operator=(const Descent&) = delete;

  bool Fits() const { return fits_; }

 private:
  TreeBounds& bounds_;
  bool fits_;
};

}  // namespace

Outcome<std::vector<std::string>> NamesIn(int folder, const std::string& what, std::size_t max_names) {
  UniqueFd own(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return Explain(errno, what);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(own.Get()), ::closedir);
  if (!entries) return Explain(errno, what);
  own.Release();
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == max_names) return TooMuch(what);
    names.push_back(name);
  }
  return names;
}

Outcome<> CopyTree(int from, const std::string& name, int to, const std::string& new_name, const std::string& what,
                   TreeBounds& bounds) {
  const Descent descent(bounds);
  if (!descent.Fits()) return TooMuch(what);
  struct stat about {};
  if (::fstatat(from, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return Explain(errno, what);
  if (S_ISDIR(about.st_mode)) return CopyFolder(from, name, to, new_name, what, bounds);
  if (S_ISLNK(about.st_mode)) return CopyLink(from, name, to, new_name, what);
  if (S_ISREG(about.st_mode)) return CopyFile(from, name, to, new_name, what, bounds);
  return Problem{what + " holds “" + name + "”, which is not an ordinary file."};
}

Outcome<> DeleteTree(int folder, const std::string& name, const std::string& what, TreeBounds& bounds) {
  const Descent descent(bounds);
  if (!descent.Fits()) return TooMuch(what);
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return Done{};
  if (errno != EISDIR) return Explain(errno, what);
  const UniqueFd inside(::openat(folder, name.c_str(), listing_flags));
  if (!inside) return Explain(errno, what);
  const auto names = NamesIn(inside.Get(), what, bounds.entries);
  if (!names) return names.Why();
  for (const std::string& entry : *names) {
    const Outcome<> deleted = DeleteTree(inside.Get(), entry, what, bounds);
    if (!deleted) return deleted;
  }
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return Explain(errno, what);
  return Done{};
}

bool IsBelow(int folder, const struct stat& above, int root) {
  struct stat top {
  }, here{};
  ::fstat(root, &top);
  UniqueFd at(::openat(folder, ".", O_PATH | O_CLOEXEC));
  for (int depth = 0; depth < PATH_MAX && at && ::fstat(at.Get(), &here) == 0; ++depth) {
    if (IsSame(here, above)) return true;
    if (IsSame(here, top)) return false;
    at = UniqueFd(::openat(at.Get(), "..", O_PATH | O_CLOEXEC));
  }
  return true;  // it cannot be told, so it is refused
}

}  // namespace repl
