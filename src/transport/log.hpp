// The default sink.
#pragma once

#include <string>
#include <string_view>

#include "ws/log.hpp"

namespace ws::transport {

// Hands the record to the sink; without one, Severe records go to stderr. Never throws.
void WriteLog(const LogSink& sink, const LogRecord& record) noexcept;

// The text with control characters spelled out: a peer must not write lines of its own into a log.
std::string Printable(std::string_view text);

}  // namespace ws::transport
