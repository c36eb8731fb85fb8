#pragma once

#include <cstdint>
#include <string>

#include "outcome.hpp"

namespace repl {

// What an errno of a file operation means to the person who asked for it; `what` is the subject.
Problem Explain(int error, const std::string& what);

// "34.2 KiB".
std::string HumanSize(std::uintmax_t bytes);

}  // namespace repl
