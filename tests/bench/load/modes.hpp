// What there is to measure.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "load/settings.hpp"

namespace load {

using Report = nlohmann::ordered_json;

// ping-pong, pipeline and large: each client keeps its messages in flight.
Report RunEcho(const Settings& settings);
// One client publishes, and publishes again when all others have got one.
Report RunFanOut(const Settings& settings);
// Connections are opened and closed.
Report RunConnect(const Settings& settings);
// Connections are there.
Report RunIdle(const Settings& settings);

}  // namespace load
