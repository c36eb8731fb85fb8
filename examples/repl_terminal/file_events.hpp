#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "mode.hpp"
#include "workspace.hpp"
#include "ws/handler.hpp"

namespace repl {

// Registers the events of the file tree and the editor on a connection, with a clipboard of its
// own: Connection, fetchDir, fetchContent, updateContent, createFile, createFolder, delete, rename,
// copy, cut, paste. Each is answered by exactly one event, whatever it brought, also where it is a
// request; its reply is empty. The exception is listFiles, a request whose reply is the answer. They
// are worked off in their order on `disk`, one of a connection at a time and beside its other events;
// what has not begun when the connection ends is left undone. The workspace and the context of `disk`
// outlive the connection. The mode is only told: who serves the connection refuses what it does not
// allow.
void ServeFiles(ws::Handler socket, Workspace& workspace, boost::asio::any_io_executor disk, Mode mode);

}  // namespace repl
