#include "connection/log.hpp"

#include <cstdio>

namespace ws::connection {

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
    // An error of the log must not end the connection.
  }
}

std::string Printable(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      printable += c;
    } else {
      printable.append({'\\', 'x', hex[byte >> 4], hex[byte & 15]});
    }
  }
  return printable;
}

}  // namespace ws::connection
