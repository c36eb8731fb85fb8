// Log records of the library.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace ws {

enum class LogLevel { Debug, Info, Warning, Severe };

// A named detail of a log record.
struct LogField {
  std::string_view name;
  std::string value;
};

// One log record. Valid only during the call of the sink.
struct LogRecord {
  LogLevel level;
  std::string_view text;
  std::span<const LogField> fields;
};

// Receives log records, on I/O threads and pool threads, possibly on several at once. It must be thread-safe and must
// not block. Its exceptions are ignored. Without a sink, Severe records are written to stderr.
using LogSink = std::function<void(const LogRecord&)>;

}  // namespace ws
