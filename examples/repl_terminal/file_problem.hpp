#pragma once

#include <cstdint>
#include <string>

#include "outcome.hpp"

namespace repl {

// Explains an errno of a file operation to the user. `subject` is the subject of the sentence.
Problem DescribeError(int error, const std::string& subject);

// Returns a text such as "34.2 KiB".
std::string FormatSize(std::uintmax_t bytes);

}  // namespace repl
