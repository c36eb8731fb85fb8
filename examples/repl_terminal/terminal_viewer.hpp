#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pty.hpp"
#include "scrollback.hpp"
#include "window_size.hpp"

namespace repl {

// Interface of somebody who looks at a TerminalSession. Called on the session's strand; must not
// block.
class TerminalViewer {
 public:
  virtual ~TerminalViewer() = default;

  // First: what was shown so far; none where the session is new.
  virtual void Begin(WindowSize size, const std::vector<Scrollback::Run>& shown) = 0;
  virtual void Show(const std::shared_ptr<const std::string>& output) = 0;
  // How large the terminal is now, and how many look at it.
  virtual void Resized(WindowSize size, std::size_t viewers) = 0;
  // Last, one of the two: the shell has ended; or others keep up and this one does not.
  virtual void Ended(const PtyExit& exit) = 0;
  virtual void LeftBehind() = 0;

  // Whether it can answer what programs ask their terminal. Constant.
  virtual bool MayType() const = 0;
  // False: it has enough for now, and calls TerminalSession::RoomAgain when it wants more.
  virtual bool HasRoom() const = 0;
};

}  // namespace repl
