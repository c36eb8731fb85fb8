// Everything a user of the library needs.
#pragma once

#include "ws/close_reason.hpp"
#include "ws/error.hpp"
#include "ws/handler.hpp"
#include "ws/options.hpp"
#include "ws/server.hpp"
