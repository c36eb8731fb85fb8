#pragma once

#include <map>
#include <string>

namespace repl {

// Returns the first of $SHELL, /bin/bash and /bin/sh that is executable.
std::string DefaultShell();

// Returns the complete environment of a new shell: the variables that a terminal and a login need, overridden by
// `extra`. Other variables of the server (keys, tokens, settings) are not passed on.
std::map<std::string, std::string> ShellEnvironment(const std::string& shell,
                                                    const std::map<std::string, std::string>& extra);

}  // namespace repl
