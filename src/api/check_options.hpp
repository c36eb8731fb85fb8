// Checks options.
#pragma once

#include <memory>

#include "ws/options.hpp"

namespace ws::api {

// Throws std::logic_error with a text that names the option, if an option is invalid.
void CheckOptions(const Options& options);
// Checks the options and returns them in a form that connections can share.
std::shared_ptr<const Options> Checked(Options options);

}  // namespace ws::api
