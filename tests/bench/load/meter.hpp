// What a process has used.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace load {

struct Usage {
  double cpu_us = 0;               // user and system, of all threads
  std::uint64_t switches = 0;      // of context, of the threads that live
  std::uint64_t memory_bytes = 0;  // resident
};

// Throws std::system_error where there is no such process.
Usage MeasureProcess(pid_t pid);

}  // namespace load
