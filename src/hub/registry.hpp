// Who is there, and who is in which group.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "transport/connection.hpp"
#include "ws/detail/hub/selection.hpp"

namespace ws::hub {

using transport::Connection;
using ConnectionPtr = std::shared_ptr<Connection>;

// Thread-safe. Refers to connections weakly: what keeps a connection alive is that it runs, or a handle. Nothing is
// sent under its lock, which stands before every connection's.
class Registry final : public transport::Home, public std::enable_shared_from_this<Registry> {
 public:
  void Admit(const ConnectionPtr& connection) override;
  void Drop(const Connection& connection) noexcept override;
  dispatch::EventTable& Table() noexcept override { return table_; }

  // Whether it is a member now: not where its transport has ended. Idempotent, as is Leave.
  bool Join(const ConnectionPtr& connection, std::string_view group);
  void Leave(Connection& connection, std::string_view group);

  // Each once, in no order.
  std::vector<ConnectionPtr> Select(const Selection& selection) const;
  std::size_t Count(const Selection& selection) const;
  // The names of the groups that have members, sorted.
  std::vector<std::string> Groups() const;

 private:
  using Members = std::unordered_map<const Connection*, std::weak_ptr<Connection>>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };
  using GroupMap = std::unordered_map<std::string, Members, Hash, std::equal_to<>>;
  using Group = GroupMap::value_type;
  // What one connection belongs to.
  struct Entry {
    bool admitted = false;
    std::vector<Group*> groups;
  };

  // With mutex_ held.
  Entry* Enter(const ConnectionPtr& connection);
  void RemoveFrom(Group& group, const Connection& connection) noexcept;
  std::vector<std::weak_ptr<Connection>> Find(const Selection& selection) const;

  dispatch::EventTable table_{true};
  mutable std::shared_mutex mutex_;
  std::unordered_map<const Connection*, Entry> entries_;
  Members everybody_;
  GroupMap groups_;
};

}  // namespace ws::hub
