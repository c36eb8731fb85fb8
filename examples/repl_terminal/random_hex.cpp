#include "random_hex.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace repl {

std::string RandomHex(std::size_t bytes) {
  std::array<unsigned char, 256> random;
  if (bytes > random.size() || ::getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  std::string digits;
  for (std::size_t at = 0; at < bytes; ++at) {
    digits += "0123456789abcdef"[random[at] >> 4];
    digits += "0123456789abcdef"[random[at] & 15];
  }
  return digits;
}

}  // namespace repl
