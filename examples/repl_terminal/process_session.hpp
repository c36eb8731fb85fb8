#pragma once

#include <sys/types.h>

#include <vector>

namespace repl {

// The processes whose session id is `session` and that still run: zombies do not count. Reads
// /proc; a process that has made a session of its own (a daemon) has left and is not seen.
std::vector<pid_t> SessionMembers(pid_t session);

// Sends a signal to every member of the session. Keep the leader unreaped meanwhile: as long as it
// is, its number cannot become another's.
void SignalSession(pid_t session, int signal);

}  // namespace repl
