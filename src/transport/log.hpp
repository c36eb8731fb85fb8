// The default sink.
#pragma once

#include "ws/log.hpp"

namespace ws::transport {

// Hands the record to the sink; without one, Severe records go to stderr. Never throws.
void WriteLog(const LogSink& sink, const LogRecord& record) noexcept;

}  // namespace ws::transport
