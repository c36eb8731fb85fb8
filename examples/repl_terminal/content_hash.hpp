#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace repl {

// Returns the 64-bit FNV-1a hash of a file's content as 16 hexadecimal digits. It detects changes. It is not
// cryptographic: a collision can be made on purpose.
inline std::string ContentHash(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : content) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[hash >> shift & 15];
  return digits;
}

}  // namespace repl
