// What this process holds: descriptors, memory, children.
#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace ws::test {

// A sanitizer holds memory and takes time of its own, so under one neither is judged.
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

// With the one that counts.
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

// Resident, in KiB.
inline std::size_t MemoryKib() {
  return StatusKib("VmRSS:");
}

// The most that was resident since ForgetPeak.
inline std::size_t PeakMemoryKib() {
  return StatusKib("VmHWM:");
}
inline void ForgetPeak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

// Neither running nor dead and unreaped; reaps none itself.
inline bool HasNoChildren() {
  siginfo_t child = {};
  return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

}  // namespace ws::test
