#pragma once

#include <map>
#include <string>

namespace repl {

// The first shell there is: $SHELL, /bin/bash, /bin/sh.
std::string DefaultShell();

// The whole environment of a new shell: what a terminal and a login need, and `extra`, which wins.
// The server's own variables (keys, tokens, settings) are not in it.
std::map<std::string, std::string> ShellEnvironment(const std::string& shell,
                                                    const std::map<std::string, std::string>& extra);

}  // namespace repl
