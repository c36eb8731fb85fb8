// Applies an arbitrary patch, as a browser may send it, to an arbitrary file. Checks that the result is UTF-8.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "patch.hpp"
#include "patch_text.hpp"
#include "utf8.hpp"

// Input: the file, a NUL byte, the patch.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\0');
  if (cut == input.npos) return 0;
  const std::string base(input.substr(0, cut)), patch(input.substr(cut + 1));
  const auto hunks = repl::ParsePatch(patch);
  const auto patched = repl::ApplyPatch(base, patch);
  if (!patched) {
    if (patched.Error().message.empty()) std::abort();
    return 0;
  }
  if (!hunks || !repl::IsUtf8(base) || !repl::IsUtf8(*patched)) std::abort();
  if (hunks->empty() && *patched != base) std::abort();
  return 0;
}
