#pragma once

namespace repl {

// What those who may connect may do.
enum class Mode {
  Full,
  ReadOnly  // look at files and terminals; nothing is typed and nothing changed
};

}  // namespace repl
