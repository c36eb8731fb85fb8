#include "load/settings.hpp"

#include <cmath>
#include <map>
#include <stdexcept>
#include <string_view>

namespace load {
namespace {

constexpr const char* usage =
    "bench_load ping-pong|pipeline|large|fan-out|idle|connect --port PORT --pid PID\n"
    "  [--dialect events|socket.io] [--connections N] [--in-flight N] [--text OCTETS] [--warm-up S] [--duration S]";

struct Defaults {
  unsigned connections, in_flight;
  std::size_t text;
};

const std::map<std::string_view, Defaults> modes = {
    {"ping-pong", {64, 1, 100}}, {"pipeline", {16, 32, 100}}, {"large", {16, 1, 16 << 10}},
    {"fan-out", {200, 8, 100}},  {"idle", {5000, 1, 100}},    {"connect", {16, 1, 100}},
};

std::chrono::milliseconds Seconds(const std::string& text) {
  return std::chrono::milliseconds(std::lround(std::stod(text) * 1000));
}

void Set(Settings& settings, std::string_view name, const std::string& value) {
  if (name == "--port") {
    settings.port = static_cast<std::uint16_t>(std::stoul(value));
  } else if (name == "--pid") {
    settings.pid = static_cast<pid_t>(std::stol(value));
  } else if (name == "--dialect" && (value == "events" || value == "socket.io")) {
    settings.socket_io = value == "socket.io";
  } else if (name == "--connections") {
    settings.connections = static_cast<unsigned>(std::stoul(value));
  } else if (name == "--in-flight") {
    settings.in_flight = static_cast<unsigned>(std::stoul(value));
  } else if (name == "--text") {
    settings.text = std::stoul(value);
  } else if (name == "--warm-up") {
    settings.warm_up = Seconds(value);
  } else if (name == "--duration") {
    settings.duration = Seconds(value);
  } else {
    throw std::invalid_argument(usage);
  }
}

}  // namespace

Settings ParseSettings(int argc, char** argv) {
  Settings settings;
  const auto mode = modes.find(argc > 1 ? argv[1] : "");
  if (mode == modes.end() || argc % 2 != 0) throw std::invalid_argument(usage);
  settings.mode = mode->first;
  for (int index = 2; index < argc; index += 2) Set(settings, argv[index], argv[index + 1]);
  if (settings.port == 0 || settings.pid == 0) throw std::invalid_argument(usage);
  if (settings.connections == 0) settings.connections = mode->second.connections;
  if (settings.in_flight == 0) settings.in_flight = mode->second.in_flight;
  if (settings.text == 0) settings.text = mode->second.text;
  return settings;
}

}  // namespace load
