#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "mode.hpp"
#include "workspace.hpp"
#include "ws/handler.hpp"

namespace repl {

// Registers the events of the file tree and the editor on a connection: Connection, fetchDir, fetchContent,
// updateContent, createFile, createFolder, delete, rename, copy, cut, paste. The connection gets its own clipboard.
//
// Each event is answered by exactly one event, even if its data is invalid. A request is answered by that event too,
// and its reply is empty. listFiles is the exception: it is a request, and its reply is the answer.
//
// The events of a connection run on `disk` one at a time, in the order of their arrival, and do not hold up its other
// events. Events that have not started when the connection ends are dropped. The workspace and the context of `disk`
// must outlive the connection.
//
// `mode` is only reported to the client. The caller must refuse the events that the mode forbids.
void ServeFiles(ws::Handler socket, Workspace& workspace, boost::asio::any_io_executor disk, Mode mode);

}  // namespace repl
