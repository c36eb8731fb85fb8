#pragma once

#include "workspace.hpp"
#include "ws/handler.hpp"

namespace repl {

// Registers the events of the file tree and the editor on a connection, with a clipboard of its
// own: Connection, fetchDir, fetchContent, updateContent, createFile, createFolder, delete, rename,
// copy, cut, paste. Each is answered by exactly one event, whatever it brought, also where it is a
// request; its reply is empty. The exception is listFiles, a request whose reply is the answer. The
// workspace outlives the connection.
void ServeFiles(ws::Handler socket, Workspace& workspace);

}  // namespace repl
