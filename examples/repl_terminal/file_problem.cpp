#include "file_problem.hpp"

#include <cerrno>
#include <system_error>

namespace repl {

Problem DescribeError(int error, const std::string& subject) {
  switch (error) {
    case ENOENT:
      return {subject + " does not exist."};
    case EEXIST:
      return {subject + " already exists."};
    case ENOTDIR:
      return {subject + " is not a folder."};
    case EISDIR:
      return {subject + " is a folder."};
    case EXDEV:  // from openat2: a link that leads out; from Resolver::Walk: any link
    case ELOOP:
      return {subject + " leads out of the workspace."};
    case EACCES:
    case EPERM:
      return {subject + " cannot be accessed: permission denied."};
    case EROFS:
      return {subject + " is on a read-only file system."};
    case ENOSPC:
    case EDQUOT:
      return {"The disk is full; " + subject + " was not written."};
    case EFBIG:
      return {subject + " would be larger than the system allows."};
    case ENXIO:
      return {subject + " is not a regular file."};
    case EBUSY:
      return {subject + " is in use."};
    case ENAMETOOLONG:
      return {"The name of " + subject + " is too long."};
    default:
      return {subject + ": " + std::generic_category().message(error) + "."};
  }
}

std::string FormatSize(std::uintmax_t bytes) {
  static constexpr const char* units[] = {" bytes", " KiB", " MiB", " GiB", " TiB"};
  std::uintmax_t tenths = bytes * 10;
  std::size_t unit = 0;
  for (; tenths >= 10240 && unit < 4; ++unit) tenths /= 1024;
  const std::string fraction = tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10);
  return std::to_string(tenths / 10) + fraction + units[unit];
}

}  // namespace repl
