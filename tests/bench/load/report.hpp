// Converts a result to the JSON that is printed.
#pragma once

#include <cmath>

#include "load/modes.hpp"
#include "load/workload.hpp"

namespace load {

inline double Round(double value) {
  return std::round(value * 1000) / 1000;
}

inline Report MakeReport(const Result& result, const Histogram& latencies) {
  const auto messages = static_cast<double>(result.messages);
  const auto each = [messages](double value) { return Round(value / messages); };
  const auto micros = [&latencies](double share) { return static_cast<double>(latencies.Quantile(share)) / 1000; };
  return {{"messages", result.messages},
          {"messages_per_s", std::round(messages / result.seconds)},
          {"p50_us", micros(0.5)},
          {"p99_us", micros(0.99)},
          {"p99.9_us", micros(0.999)},
          {"server_cpu_us", each(result.after.cpu_us - result.before.cpu_us)},
          {"server_switches", each(static_cast<double>(result.after.switches - result.before.switches))},
          {"server_memory_kb", result.after.memory_bytes >> 10},
          {"server_load", Round((result.after.cpu_us - result.before.cpu_us) / result.seconds / 1e6)},
          {"generator_cpu_us", each(result.generator_after.cpu_us - result.generator_before.cpu_us)}};
}

}  // namespace load
