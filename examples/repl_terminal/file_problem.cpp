#include "file_problem.hpp"

#include <cerrno>
#include <system_error>

namespace repl {

Problem Explain(int error, const std::string& what) {
  switch (error) {
    case ENOENT:
      return {what + " does not exist."};
    case EEXIST:
      return {what + " already exists."};
    case ENOTDIR:
      return {what + " is not a folder."};
    case EISDIR:
      return {what + " is a folder."};
    case EXDEV:  // of openat2: a link that leads out; of a walk without it: any link
    case ELOOP:
      return {what + " leads out of the workspace."};
    case EACCES:
    case EPERM:
      return {what + " may not be accessed: permission denied."};
    case EROFS:
      return {what + " is on a disk that cannot be written to."};
    case ENOSPC:
    case EDQUOT:
      return {"The disk is full; " + what + " was not written."};
    case EFBIG:
      return {what + " would be larger than the system allows."};
    case ENXIO:
      return {what + " is not an ordinary file."};
    case EBUSY:
      return {what + " is in use."};
    case ENAMETOOLONG:
      return {"The name of " + what + " is too long."};
    default:
      return {what + ": " + std::generic_category().message(error) + "."};
  }
}

std::string HumanSize(std::uintmax_t bytes) {
  static constexpr const char* units[] = {" bytes", " KiB", " MiB", " GiB", " TiB"};
  std::uintmax_t tenths = bytes * 10;
  std::size_t unit = 0;
  for (; tenths >= 10240 && unit < 4; ++unit) tenths /= 1024;
  const std::string fraction = tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10);
  return std::to_string(tenths / 10) + fraction + units[unit];
}

}  // namespace repl
