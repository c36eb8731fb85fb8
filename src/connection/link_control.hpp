// The connection's link, as the connection sees it.
#pragma once

#include <chrono>

#include "ws/close_reason.hpp"

namespace ws::connection {

// Interface of a link. Every function only posts to the link's strand, so it may be called from any thread, and with
// the connection's lock held.
class LinkControl {
 public:
  // The reader may read again.
  virtual void WakeReader() = 0;
  // The write queue is not empty any more.
  virtual void WakeWriter() = 0;
  // The link's timer must expire at this time at the latest.
  virtual void RearmTimer(std::chrono::steady_clock::time_point deadline) = 0;
  // Starts the closing handshake. If it is called again, the first reason counts.
  virtual void Close(CloseReason reason) = 0;
  // Ends the transport without a closing handshake.
  virtual void Abort() = 0;

 protected:
  ~LinkControl() = default;
};

}  // namespace ws::connection
