#include "shell_environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace repl {
namespace {

std::string ServerVariable(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

bool IsUtf8Locale(std::string_view locale) {
  return locale.ends_with("UTF-8") || locale.ends_with("utf8");
}

}  // namespace

std::string DefaultShell() {
  for (const std::string& shell : {ServerVariable("SHELL", ""), std::string("/bin/bash")}) {
    if (!shell.empty() && ::access(shell.c_str(), X_OK) == 0) return shell;
  }
  return "/bin/sh";
}

std::map<std::string, std::string> ShellEnvironment(const std::string& shell,
                                                    const std::map<std::string, std::string>& extra) {
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16384> text;
  ::getpwuid_r(::getuid(), &account, text.data(), text.size(), &found);

  const std::string locale = ServerVariable("LANG", "");
  std::map<std::string, std::string> environment = {
      {"TERM", "xterm-256color"},
      {"COLORTERM", "truecolor"},
      {"HOME", ServerVariable("HOME", found != nullptr ? found->pw_dir : "/")},
      {"USER", ServerVariable("USER", found != nullptr ? found->pw_name : "user")},
      {"SHELL", shell},
      {"PATH", ServerVariable("PATH", "/usr/local/bin:/usr/bin:/bin")},
      {"LANG", IsUtf8Locale(locale) ? locale : "C.UTF-8"},
  };
  for (const auto& [name, value] : extra) environment[name] = value;
  return environment;
}

}  // namespace repl
