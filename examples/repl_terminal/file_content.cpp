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

bool WriteWithMetadata(int file, const struct stat& old, std::string_view content) {
  // An error of fchown is ignored, because the content is more important than the owner. fchown comes first because it
  // clears mode bits.
  [[maybe_unused]] const int kept = ::fchown(file, old.st_uid, old.st_gid);
  return WriteAll(file, content) && ::fchmod(file, old.st_mode & 07777) == 0 && ::fsync(file) == 0;
}

bool IsUnchanged(const struct stat& old, int folder, const std::string& name) {
  struct stat now {};
  const auto is_same = [](const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
  };
  return ::fstatat(folder, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_dev == old.st_dev &&
         now.st_ino == old.st_ino && now.st_size == old.st_size && is_same(now.st_mtim, old.st_mtim) &&
         is_same(now.st_ctim, old.st_ctim);
}

}  // namespace

Outcome<std::string> ReadBytes(int file, const std::string& subject, std::size_t max_bytes) {
  struct stat st {};
  if (::fstat(file, &st) != 0) return DescribeError(errno, subject);
  if (S_ISDIR(st.st_mode)) return DescribeError(EISDIR, subject);
  if (!S_ISREG(st.st_mode)) return DescribeError(ENXIO, subject);
  const auto too_large = [&](std::uintmax_t size) {
    return Problem{subject + " is too large to open here: " + FormatSize(size) + ", and the limit is " +
                       FormatSize(max_bytes) + ".",
                   Problem::Kind::TooLarge, size};
  };
  const auto size = static_cast<std::uintmax_t>(st.st_size);
  if (size > max_bytes) return too_large(size);

  std::string content;
  for (;;) {  // the file may grow meanwhile, and files in /proc have size 0
    char piece[64 * 1024];
    const ssize_t count = ::read(file, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return DescribeError(errno, subject);
    if (count == 0) break;
    content.append(piece, static_cast<std::size_t>(count));
    if (content.size() > max_bytes) return too_large(content.size());
  }
  return content;
}

Outcome<std::string> ReadText(int file, const std::string& subject, std::size_t max_bytes) {
  auto content = ReadBytes(file, subject, max_bytes);
  if (content && (content->find('\0') != std::string::npos || !IsUtf8(*content))) {
    return Problem{subject + " is a binary file (" + FormatSize(content->size()) + "), not text.",
                   Problem::Kind::Binary, content->size()};
  }
  return content;
}

Outcome<> ReplaceContent(int folder, const std::string& name, const std::string& subject, const struct stat& old,
                         std::string_view content) {
  const std::string temporary = ".save-" + RandomHex(8);
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd file(::openat(folder, temporary.c_str(), flags, 0600));
  if (!file && errno == EACCES) {
    return Problem{"The folder of " + subject + " is not writable: permission denied. Nothing was saved."};
  }
  if (!file) return DescribeError(errno, subject);
  const bool is_written = WriteWithMetadata(file.Get(), old, content);
  if (is_written && !IsUnchanged(old, folder, name)) {  // the write may have taken a while
    ::unlinkat(folder, temporary.c_str(), 0);
    return Problem{subject + " was changed by another program meanwhile, so nothing was saved.",
                   Problem::Kind::Conflict};
  }
  if (!is_written || ::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) {
    const int error = errno;
    ::unlinkat(folder, temporary.c_str(), 0);
    return DescribeError(error, subject);
  }
  const UniqueFd to_sync(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (to_sync) ::fsync(to_sync.Get());  // makes the rename durable
  return Done{};
}

}  // namespace repl
