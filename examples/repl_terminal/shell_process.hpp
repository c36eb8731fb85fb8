#pragma once

#include <sys/types.h>

#include <boost/system/error_code.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "unique_fd.hpp"

namespace repl {

struct PtyOptions {
  std::string shell = {};                               // its path; empty: DefaultShell()
  std::vector<std::string> arguments = {};              // without the shell's own name
  std::string folder = {};                              // to start in; empty: the server's own
  std::map<std::string, std::string> environment = {};  // added to ShellEnvironment(), and wins
  int cols = 80;
  int rows = 24;
  std::size_t max_outbound_bytes = 1024 * 1024;  // input that the shell has not read yet
  std::chrono::milliseconds grace{1000};         // from SIGHUP to SIGKILL
};

// A shell behind a new pseudo-terminal.
struct ShellProcess {
  UniqueFd master;   // the terminal's near end; never blocks
  UniqueFd process;  // a pidfd: readable once the shell has ended
  pid_t pid = 0;     // also the session's and the group's id; to be reaped by the owner
};

// Starts the shell as leader of a session of its own, the terminal its controlling one, with a
// clean environment, no inherited descriptor and default signals. Needs Linux 5.3. When it
// returns without an error the shell's program runs.
boost::system::error_code StartShell(const PtyOptions& options, ShellProcess& shell);

// Tells the terminal its size; each side is clamped to 1…1000.
void SetSize(int master, int cols, int rows);

}  // namespace repl
