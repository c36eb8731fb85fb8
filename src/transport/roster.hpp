// What lists connections, as they see it.
#pragma once

#include <memory>

#include "ws/detail/dispatch/event_table.hpp"

namespace ws::transport {

class Connection;

// Interface of a list of connections that each leaves when its transport ends. It refers to them weakly.
class Roster {
 public:
  virtual ~Roster() = default;
  // The connection's transport has ended, or its last handle is gone. Called under no lock of the connection.
  virtual void Drop(const Connection& connection) noexcept = 0;
};

// Interface of what a connection belongs to from its opening to its end, and shares callbacks with.
class Home : public Roster {
 public:
  // The connection is open.
  virtual void Admit(const std::shared_ptr<Connection>& connection) = 0;
  virtual dispatch::EventTable& Table() noexcept = 0;
};

}  // namespace ws::transport
