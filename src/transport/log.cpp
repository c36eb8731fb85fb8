#include "transport/log.hpp"

#include <cstdio>

namespace ws::transport {

void WriteLog(const LogSink& sink, const LogRecord& record) noexcept {
  try {
    if (sink) return sink(record);
    if (record.level != LogLevel::Severe) return;
    std::string line = "ws: ";
    line += record.text;
    for (const LogField& field : record.fields) line.append(" ").append(field.name).append("=").append(field.value);
    line += '\n';
    std::fputs(line.c_str(), stderr);
  } catch (...) {
    // A log that fails must not take the connection with it.
  }
}

}  // namespace ws::transport
