#include "shell_environment.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace repl {
namespace {

std::string FromServer(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

bool NamesUtf8(std::string_view locale) {
  return locale.ends_with("UTF-8") || locale.ends_with("utf8");
}

}  // namespace

std::string DefaultShell() {
  for (const std::string& shell : {FromServer("SHELL", ""), std::string("/bin/bash")}) {
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

  const std::string locale = FromServer("LANG", "");
  std::map<std::string, std::string> environment = {
      {"TERM", "xterm-256color"},
      {"COLORTERM", "truecolor"},
      {"HOME", FromServer("HOME", found != nullptr ? found->pw_dir : "/")},
      {"USER", FromServer("USER", found != nullptr ? found->pw_name : "user")},
      {"SHELL", shell},
      {"PATH", FromServer("PATH", "/usr/local/bin:/usr/bin:/bin")},
      {"LANG", NamesUtf8(locale) ? locale : "C.UTF-8"},
  };
  for (const auto& [name, value] : extra) environment[name] = value;
  return environment;
}

}  // namespace repl
