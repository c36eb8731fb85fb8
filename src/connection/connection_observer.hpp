// Interfaces of the objects that keep track of connections.
#pragma once

#include <memory>

#include "ws/detail/dispatch/event_table.hpp"

namespace ws::connection {

class Connection;

// Interface of an object that is notified when a connection ends. It refers to connections by weak pointers.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  // The connection's transport has ended, or its last handle is gone. Called without a lock of the connection.
  virtual void OnDisconnected(const Connection& connection) noexcept = 0;
};

// Interface of the hub or client that a connection belongs to. Its callbacks serve all of its connections.
class ConnectionScope : public ConnectionObserver {
 public:
  virtual void OnOpened(const std::shared_ptr<Connection>& connection) = 0;
  virtual dispatch::EventTable& Callbacks() noexcept = 0;
};

}  // namespace ws::connection
