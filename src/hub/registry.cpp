#include "hub/registry.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_set>

namespace ws::hub {

void Registry::Admit(const ConnectionPtr& connection) {
  const std::unique_lock lock(mutex_);
  Entry* entry = Enter(connection);
  if (entry == nullptr) return;
  entry->admitted = true;
  everybody_.emplace(connection.get(), connection);
}

bool Registry::Join(const ConnectionPtr& connection, std::string_view name) {
  const std::unique_lock lock(mutex_);
  Entry* entry = Enter(connection);
  if (entry == nullptr) return false;
  entry->groups.push_back(nullptr);  // first: nobody is to be in a group that his entry does not know
  auto group = groups_.find(name);
  bool is_new = false;
  try {
    if (group == groups_.end()) group = groups_.emplace(std::string(name), Members()).first;
    is_new = group->second.emplace(connection.get(), connection).second;
  } catch (const std::bad_alloc&) {
    entry->groups.pop_back();
    if (group != groups_.end() && group->second.empty()) groups_.erase(group);
    throw;
  }
  entry->groups.back() = &*group;
  if (!is_new) entry->groups.pop_back();
  return true;
}

// Its entry; null where its transport has ended. What ends later will Drop it, once this lock is free.
Registry::Entry* Registry::Enter(const ConnectionPtr& connection) {
  const auto [entry, is_new] = entries_.try_emplace(connection.get());
  try {
    if (!is_new || connection->Enlist(weak_from_this())) return &entry->second;
  } catch (const std::bad_alloc&) {
    entries_.erase(entry);  // nobody would Drop it
    throw;
  }
  entries_.erase(entry);
  return nullptr;
}

void Registry::Leave(Connection& connection, std::string_view name) {
  const std::unique_lock lock(mutex_);
  const auto entry = entries_.find(&connection);
  const auto group = groups_.find(name);
  if (entry == entries_.end() || group == groups_.end()) return;
  if (std::erase(entry->second.groups, &*group) == 0) return;
  RemoveFrom(*group, connection);
  if (entry->second.admitted || !entry->second.groups.empty()) return;
  entries_.erase(entry);
  connection.Delist(weak_from_this());
}

void Registry::Drop(const Connection& connection) noexcept {
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
  // Locked one by one behind the lock: where the last reference is let go, the connection comes back to Drop.
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
  std::unordered_set<const Connection*> seen;  // only where somebody may be found twice
  for (const Members* group : groups) {
    found.reserve(found.size() + group->size());
    for (const auto& [address, member] : *group) {
      const auto is_address = [address = address](const ConnectionPtr& one) { return one.get() == address; };
      const auto holds = [address = address](const Members* one) { return one->contains(address); };
      if (std::any_of(selection.except.begin(), selection.except.end(), is_address)) continue;
      if (std::any_of(excepted.begin(), excepted.end(), holds)) continue;
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
