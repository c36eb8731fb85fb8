#include "process_session.hpp"

#include <fcntl.h>
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "unique_fd.hpp"

namespace repl {
namespace {

// Format of /proc/PID/stat: "pid (name) state ppid pgrp session …". The name may contain spaces and parentheses.
bool IsRunningIn(pid_t session, const std::string& folder) {
  const UniqueFd file(::open((folder + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = file ? ::read(file.Get(), text, sizeof text - 1) : -1;
  if (size <= 0) return false;
  text[size] = '\0';

  const std::size_t name_end = std::string_view(text).rfind(')');
  if (name_end == std::string_view::npos) return false;
  char state = 0;
  long parent = 0, group = 0, its_session = 0;
  const int fields = std::sscanf(text + name_end + 1, " %c %ld %ld %ld", &state, &parent, &group, &its_session);
  return fields == 4 && its_session == session && state != 'Z' && state != 'X';
}

}  // namespace

std::vector<pid_t> SessionMembers(pid_t session) {
  std::vector<pid_t> members;
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool is_process = problem == std::errc() && end == name.data() + name.size();
    if (is_process && IsRunningIn(session, entry->path())) members.push_back(pid);
  }
  return members;
}

void SignalSession(pid_t session, int signal) {
  const std::vector<pid_t> members = SessionMembers(session);
  for (const pid_t pid : members) ::kill(pid, signal);
  if (members.empty()) ::kill(-session, signal);  // fallback without /proc: the process group
}

}  // namespace repl
