// CPU time, context switches and memory of a process.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace load {

struct Usage {
  double cpu_us = 0;               // user and system time of all threads
  std::uint64_t switches = 0;      // context switches of the current threads
  std::uint64_t memory_bytes = 0;  // resident
};

// Throws std::system_error if the process does not exist.
Usage MeasureProcess(pid_t pid);

}  // namespace load
