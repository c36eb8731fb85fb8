#include "hub/registry.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_set>

namespace ws::hub {

void Registry::OnOpened(const ConnectionPtr& connection) {
  const std::unique_lock lock(mutex_);
  Entry* entry = FindOrAdd(connection);
  if (entry == nullptr) return;
  everybody_.emplace(connection.get(), connection);
  entry->is_open = true;
}

bool Registry::Join(const ConnectionPtr& connection, std::string_view name) {
  const std::unique_lock lock(mutex_);
  Entry* entry = FindOrAdd(connection);
  if (entry == nullptr) return false;
  entry->groups.reserve(entry->groups.size() + 1);  // so that nothing can fail once the connection is in the group
  auto group = groups_.find(name);
  if (group == groups_.end()) {
    Members first;
    first.emplace(connection.get(), connection);
    group = groups_.emplace(std::string(name), std::move(first)).first;
  } else if (!group->second.emplace(connection.get(), connection).second) {
    return true;
  }
  entry->groups.push_back(&*group);
  return true;
}

Registry::Entry* Registry::FindOrAdd(const ConnectionPtr& connection) {
  const auto found = entries_.find(connection.get());
  if (found != entries_.end()) return &found->second;
  // If the connection ends now, OnDisconnected waits for the lock.
  if (!connection->Life().AddObserver(weak_from_this())) return nullptr;
  return &entries_[connection.get()];
}

void Registry::Leave(Connection& connection, std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto entry = entries_.find(&connection);
  const auto group = groups_.find(name);
  if (entry == entries_.end() || group == groups_.end()) return;
  if (std::erase(entry->second.groups, &*group) == 0) return;
  RemoveFrom(*group, connection);
  if (entry->second.is_open || !entry->second.groups.empty()) return;
  entries_.erase(entry);
  connection.Life().RemoveObserver(weak_from_this());
}

void Registry::OnDisconnected(const Connection& connection) noexcept {
  const std::unique_lock lock(mutex_);
  const auto entry = entries_.find(&connection);
  if (entry == entries_.end()) return;
  for (Group* group : entry->second.groups) RemoveFrom(*group, connection);
  everybody_.erase(&connection);
  entries_.erase(entry);
}

void Registry::RemoveFrom(Group& group, const Connection& connection) noexcept {
  group.second.erase(&connection);
  if (group.second.empty()) groups_.erase(groups_.find(group.first));
}

std::vector<ConnectionPtr> Registry::Select(const Selection& selection) const {
  // The pointers are locked after the lock is released: a connection that ends here calls OnDisconnected.
  std::vector<std::weak_ptr<Connection>> found;
  {
    const std::shared_lock lock(mutex_);
    found = Find(selection);
  }
  std::vector<ConnectionPtr> members;
  members.reserve(found.size());
  for (const auto& one : found) {
    if (auto member = one.lock()) members.push_back(std::move(member));
  }
  return members;
}

std::size_t Registry::Count(const Selection& selection) const {
  const std::shared_lock lock(mutex_);
  return Find(selection).size();
}

std::vector<std::weak_ptr<Connection>> Registry::Find(const Selection& selection) const {
  std::vector<const Members*> groups, excepted;
  for (const std::string& name : selection.groups) {
    if (const auto group = groups_.find(name); group != groups_.end()) groups.push_back(&group->second);
  }
  if (selection.everybody) groups = {&everybody_};
  for (const std::string& name : selection.except_groups) {
    if (const auto group = groups_.find(name); group != groups_.end()) excepted.push_back(&group->second);
  }
  std::vector<std::weak_ptr<Connection>> found;
  std::unordered_set<const Connection*> seen;  // used only if a connection may be found twice
  for (const Members* group : groups) {
    found.reserve(found.size() + group->size());
    for (const auto& [address, member] : *group) {
      const auto is_address = [address = address](const ConnectionPtr& one) { return one.get() == address; };
      const auto contains = [address = address](const Members* one) { return one->contains(address); };
      if (std::any_of(selection.except.begin(), selection.except.end(), is_address)) continue;
      if (std::any_of(excepted.begin(), excepted.end(), contains)) continue;
      if (groups.size() == 1 || seen.insert(address).second) found.push_back(member);
    }
  }
  return found;
}

std::vector<std::string> Registry::Groups() const {
  std::vector<std::string> names;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, members] : groups_) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ws::hub
