// Where the library tells its operator what happened.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace ws {

enum class LogLevel { Debug, Info, Warning, Severe };

struct LogField {
  std::string_view name;
  std::string value;
};

struct LogRecord {
  LogLevel level;
  std::string_view text;
  std::span<const LogField> fields;
};

// Called from I/O threads and the pool alike, at once from several: it must be thread-safe and must not
// block. What it throws is dropped. Default: Severe ones to stderr, nothing else.
using LogSink = std::function<void(const LogRecord&)>;

}  // namespace ws
