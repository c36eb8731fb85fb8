// What this process holds: descriptors, memory, children.
#pragma once

#include <sys/wait.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace ws::test {

// With the one that counts.
inline std::ptrdiff_t OpenDescriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries));
}

// Resident, in KiB.
inline std::size_t MemoryKib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmRSS:") {
  }
  std::size_t kib = 0;
  status >> kib;
  return kib;
}

// Neither running nor dead and unreaped; reaps none itself.
inline bool HasNoChildren() {
  siginfo_t child = {};
  return ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;
}

}  // namespace ws::test
