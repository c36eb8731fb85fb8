// Counts the resources of this process: file descriptors, memory and children.
#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace ws::test {

// A sanitizer uses memory and time of its own, so tests do not check either in a sanitizer build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif
#else
inline constexpr bool is_sanitized = false;
#endif

// Includes the descriptor of the directory that is read here.
inline std::ptrdiff_t OpenDescriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries));
}

inline std::size_t StatusKib(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != field) {
  }
  std::size_t kib = 0;
  status >> kib;
  return kib;
}

// Resident memory in KiB.
inline std::size_t MemoryKib() {
  return StatusKib("VmRSS:");
}

// Peak resident memory in KiB since ResetPeakMemory().
inline std::size_t PeakMemoryKib() {
  return StatusKib("VmHWM:");
}
inline void ResetPeakMemory() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

// Returns true if the process has neither running children nor zombies. Reaps no child.
inline bool HasNoChildren() {
  siginfo_t child = {};
  return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

}  // namespace ws::test
