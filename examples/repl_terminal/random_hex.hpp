#pragma once

#include <cstddef>
#include <string>

namespace repl {

// Unpredictable bytes from the kernel, two hexadecimal digits each; at most 256 of them.
std::string RandomHex(std::size_t bytes);

}  // namespace repl
