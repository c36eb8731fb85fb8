// Writes log records.
#pragma once

#include <string>
#include <string_view>

#include "ws/log.hpp"

namespace ws::connection {

// Hands the record to the sink; without one, Severe records go to stderr. Never throws.
void WriteLog(const LogSink& sink, const LogRecord& record) noexcept;

// Returns the text with control characters escaped, so that a peer cannot add lines to a log.
std::string Printable(std::string_view text);

}  // namespace ws::connection
