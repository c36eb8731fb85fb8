// The JSON value of every event's data.
#pragma once

#include <nlohmann/json.hpp>

namespace ws {

using Json = nlohmann::json;

}  // namespace ws
