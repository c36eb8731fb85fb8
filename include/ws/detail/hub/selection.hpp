// Whom something is sent to.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace ws::transport {
class Connection;
}

namespace ws {

// The members of any of the groups, or everybody, without the exceptions.
struct Selection {
  bool everybody = false;
  std::vector<std::string> groups = {};
  std::vector<std::string> except_groups = {};
  std::vector<std::shared_ptr<transport::Connection>> except = {};
};

}  // namespace ws
