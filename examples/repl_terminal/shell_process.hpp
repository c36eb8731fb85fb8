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
  std::string shell = {};                               // path of the program; empty: DefaultShell()
  std::vector<std::string> arguments = {};              // without argv[0]
  std::string folder = {};                              // working directory; empty: the server's
  std::map<std::string, std::string> environment = {};  // overrides ShellEnvironment()
  int cols = 80;
  int rows = 24;
  std::size_t max_outbound_bytes = 1024 * 1024;  // limit of the input that the shell has not read yet
  std::chrono::milliseconds grace{1000};         // time between SIGHUP and SIGKILL
};

// A running shell and the master side of its pseudo-terminal.
struct ShellProcess {
  UniqueFd master;  // the master side, non-blocking
  UniqueFd pidfd;   // readable after the shell has exited
  pid_t pid = 0;    // also the session id and process group id; the owner must reap it
};

// Starts the shell as a session leader with the pseudo-terminal as its controlling terminal, a clean environment, no
// inherited descriptors and default signal handlers. Needs Linux 5.3. If it returns no error, exec has succeeded.
boost::system::error_code StartShell(const PtyOptions& options, ShellProcess& shell);

// Sets the window size of the terminal. Clamps both values to 1…1000.
void SetWindowSize(int master, int cols, int rows);

}  // namespace repl
