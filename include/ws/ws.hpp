// Includes all public headers except ws/json_schema.hpp.
#pragma once

#include "ws/broadcast_group.hpp"
#include "ws/client.hpp"
#include "ws/close_reason.hpp"
#include "ws/error.hpp"
#include "ws/handler.hpp"
#include "ws/hub.hpp"
#include "ws/options.hpp"
#include "ws/server.hpp"
