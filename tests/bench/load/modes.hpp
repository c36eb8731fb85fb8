// The modes of bench_load.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "load/settings.hpp"

namespace load {

using Report = nlohmann::ordered_json;

// ping-pong, pipeline and large: each client keeps a number of echo messages in flight.
Report RunEcho(const Settings& settings);
// fan-out: one client publishes, and publishes again when all other clients have received the message.
Report RunFanOut(const Settings& settings);
// connect: connections are opened and closed.
Report RunConnect(const Settings& settings);
// idle: connections are open and unused.
Report RunIdle(const Settings& settings);

}  // namespace load
