#include "file_content.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "file_problem.hpp"
#include "random_hex.hpp"
#include "unique_fd.hpp"
#include "utf8.hpp"

namespace repl {
namespace {

bool WriteAll(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file, content.data(), content.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool WriteLike(int file, const struct stat& old, std::string_view content) {
  // A failing fchown is no reason to lose the change; it comes first since it clears mode bits.
  [[maybe_unused]] const int kept = ::fchown(file, old.st_uid, old.st_gid);
  return WriteAll(file, content) && ::fchmod(file, old.st_mode & 07777) == 0 && ::fsync(file) == 0;
}

bool IsStill(const struct stat& old, int folder, const std::string& name) {
  struct stat now {};
  const auto is_same = [](const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
  };
  return ::fstatat(folder, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == old.st_dev &&
         now.st_ino == old.st_ino && now.st_size == old.st_size && is_same(now.st_mtim, old.st_mtim) &&
         is_same(now.st_ctim, old.st_ctim);
}

}  // namespace

Outcome<std::string> ReadBytes(int file, const std::string& what, std::size_t max_bytes) {
  struct stat about {};
  if (::fstat(file, &about) != 0) return Explain(errno, what);
  if (S_ISDIR(about.st_mode)) return Explain(EISDIR, what);
  if (!S_ISREG(about.st_mode)) return Explain(ENXIO, what);
  const auto too_large = [&](std::uintmax_t size) {
    return Problem{
        what + " is too large to open here: " + HumanSize(size) + ", and the limit is " + HumanSize(max_bytes) + ".",
        Problem::Kind::TooLarge, size};
  };
  const auto size = static_cast<std::uintmax_t>(about.st_size);
  if (size > max_bytes) return too_large(size);

  std::string content;
  for (;;) {  // it may grow meanwhile, and files of /proc have no size at all
    char piece[64 * 1024];
    const ssize_t count = ::read(file, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Explain(errno, what);
    if (count == 0) break;
    content.append(piece, static_cast<std::size_t>(count));
    if (content.size() > max_bytes) return too_large(content.size());
  }
  return content;
}

Outcome<std::string> ReadText(int file, const std::string& what, std::size_t max_bytes) {
  auto content = ReadBytes(file, what, max_bytes);
  if (content && (content->find('\0') != std::string::npos || !IsUtf8(*content))) {
    return Problem{what + " is a binary file (" + HumanSize(content->size()) + "), not text.", Problem::Kind::Binary,
                   content->size()};
  }
  return content;
}

Outcome<> ReplaceContent(int folder, const std::string& name, const std::string& what, const struct stat& old,
                         std::string_view content) {
  const std::string draft = ".save-" + RandomHex(8);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(folder, draft.c_str(), flags, 0600));
  if (!file && errno == EACCES) {
    return Problem{"The folder of " + what + " may not be written to: permission denied. Nothing was saved."};
  }
  if (!file) return Explain(errno, what);
  const bool is_written = WriteLike(file.Get(), old, content);
  if (is_written && !IsStill(old, folder, name)) {  // to write takes a while
    ::unlinkat(folder, draft.c_str(), 0);
    return Problem{what + " was changed by somebody else meanwhile, so nothing was saved.", Problem::Kind::Conflict};
  }
  if (!is_written || ::renameat(folder, draft.c_str(), folder, name.c_str()) != 0) {
    const int error = errno;
    ::unlinkat(folder, draft.c_str(), 0);
    return Explain(error, what);
  }
  const UniqueFd to_sync(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (to_sync) ::fsync(to_sync.Get());  // the new name outlives a power cut too
  return Done{};
}

}  // namespace repl
