#pragma once

#include <cstddef>
#include <string>

namespace repl {

// Returns random bytes from the kernel as two hexadecimal digits each. Limit: 256 bytes.
std::string RandomHex(std::size_t bytes);

}  // namespace repl
