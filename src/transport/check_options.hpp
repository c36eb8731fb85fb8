// Options that make no sense.
#pragma once

#include "ws/options.hpp"

namespace ws::transport {

// Throws std::logic_error that names the option.
void CheckOptions(const Options& options);

}  // namespace ws::transport
