#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace repl {

// Tells one content of a file from another: FNV-1a with 64 bits, in 16 hexadecimal digits. It is
// no defence against somebody who wants two contents to be taken for the same.
inline std::string ContentHash(std::string_view content) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : content) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits += "0123456789abcdef"[hash >> shift & 15];
  return digits;
}

}  // namespace repl
