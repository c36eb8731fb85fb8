#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pty.hpp"
#include "scrollback.hpp"
#include "window_size.hpp"

namespace repl {

// Interface for a viewer of a TerminalSession. Its functions are called on the session's strand and must not block.
class TerminalViewer {
 public:
  virtual ~TerminalViewer() = default;

  // Called first, with the scrollback. It is empty if the session is new.
  virtual void OnAttached(WindowSize size, const std::vector<Scrollback::Run>& shown) = 0;
  virtual void OnOutput(const std::shared_ptr<const std::string>& output) = 0;
  // Reports the size of the terminal and the number of its viewers.
  virtual void OnResized(WindowSize size, std::size_t viewers) = 0;
  // The last call is one of these two: the shell has ended, or the viewer was detached because it was too slow.
  virtual void OnEnded(const PtyExit& exit) = 0;
  virtual void OnDetached() = 0;

  // Returns true if the viewer can answer terminal queries. Must be constant.
  virtual bool CanType() const = 0;
  // Returns false if the viewer cannot take more output. It must call TerminalSession::NotifyRoom when it can.
  virtual bool HasRoom() const = 0;
};

}  // namespace repl
