// A selection of connections of a hub.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ws::connection {
class Connection;
}

namespace ws {

// Selects the members of any of the groups, or all connections, without the excepted ones.
struct Selection {
  bool everybody = false;
  std::vector<std::string> groups = {};
  std::vector<std::string> except_groups = {};
  std::vector<std::shared_ptr<connection::Connection>> except = {};
};

}  // namespace ws
