#include "load/process_usage.hpp"

#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <unistd.h>

namespace load {
namespace {

// Reads the CPU clock of the process, which counts in nanoseconds. /proc/PID/stat has only ticks of 10 ms.
double CpuMicroseconds(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (const int error = clock_getcpuclockid(pid, &clock))
    throw std::system_error(error, std::system_category(), "--pid");
  if (clock_gettime(clock, &used) != 0) throw std::system_error(errno, std::system_category(), "--pid");
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

std::uint64_t Switches(const std::filesystem::path& process) {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator(process / "task")) {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      const std::size_t name = line.find("voluntary_ctxt_switches:");
      if (name != line.npos) sum += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return sum;
}

}  // namespace

Usage MeasureProcess(pid_t pid) {
  const std::filesystem::path process = "/proc/" + std::to_string(pid);
  std::uint64_t pages = 0, resident = 0;
  std::ifstream(process / "statm") >> pages >> resident;
  return {CpuMicroseconds(pid), Switches(process), resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))};
}

}  // namespace load
