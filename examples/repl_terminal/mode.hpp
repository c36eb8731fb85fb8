#pragma once

namespace repl {

// The rights of every client of the server.
enum class Mode {
  Full,
  ReadOnly  // clients can view files and terminals, but cannot type or change anything
};

}  // namespace repl
