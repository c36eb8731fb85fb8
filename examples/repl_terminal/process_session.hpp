#pragma once

#include <sys/types.h>

#include <vector>

namespace repl {

// Returns the running processes of a session, without zombies. Reads /proc. A process that has called setsid (a
// daemon) belongs to another session and is not included.
std::vector<pid_t> SessionMembers(pid_t session);

// Sends a signal to every process of the session. The session leader must not be reaped before this returns, because
// its pid could be reused.
void SignalSession(pid_t session, int signal);

}  // namespace repl
