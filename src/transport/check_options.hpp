// Options that make no sense.
#pragma once

#include <memory>

#include "ws/options.hpp"

namespace ws::transport {

// Throws std::logic_error that names the option.
void CheckOptions(const Options& options);
// The same, for a connection or several.
std::shared_ptr<const Options> Checked(Options options);

}  // namespace ws::transport
