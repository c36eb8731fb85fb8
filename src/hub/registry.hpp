// The connections of a hub, and their groups.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connection/connection.hpp"
#include "ws/detail/hub/selection.hpp"

namespace ws::hub {

using connection::Connection;
using ConnectionPtr = std::shared_ptr<Connection>;

// Refers to connections by weak pointers. Thread-safe. Its lock is taken before a connection's; nothing is sent under
// it.
class Registry final : public connection::ConnectionScope, public std::enable_shared_from_this<Registry> {
 public:
  void OnOpened(const ConnectionPtr& connection) override;
  void OnDisconnected(const Connection& connection) noexcept override;
  dispatch::EventTable& Callbacks() noexcept override { return callbacks_; }

  // Returns false if the connection's transport has ended. Idempotent, like Leave.
  bool Join(const ConnectionPtr& connection, std::string_view group);
  void Leave(Connection& connection, std::string_view group);

  // Returns each member once, in no order.
  std::vector<ConnectionPtr> Select(const Selection& selection) const;
  std::size_t Count(const Selection& selection) const;
  // Returns the names of the groups that have members, sorted.
  std::vector<std::string> Groups() const;

 private:
  using Members = std::unordered_map<const Connection*, std::weak_ptr<Connection>>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using GroupMap = std::unordered_map<std::string, Members, Hash, std::equal_to<>>;
  using Group = GroupMap::value_type;
  // One connection.
  struct Entry {
    bool is_open = false;
    std::vector<Group*> groups;
  };

  // With mutex_ held.
  // Returns the entry of the connection, a new one if there is none, or null if its transport has ended.
  Entry* FindOrAdd(const ConnectionPtr& connection);
  void RemoveFrom(Group& group, const Connection& connection) noexcept;
  std::vector<std::weak_ptr<Connection>> Find(const Selection& selection) const;

  dispatch::EventTable callbacks_{dispatch::EventTable::Scope::Shared};
  mutable std::shared_mutex mutex_;
  std::unordered_map<const Connection*, Entry> entries_;
  Members everybody_;
  GroupMap groups_;
};

}  // namespace ws::hub
