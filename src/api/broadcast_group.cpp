#include "ws/broadcast_group.hpp"

#include "hub/registry.hpp"
#include "ws/target.hpp"

namespace ws {

namespace {

constexpr std::string_view only = "";  // the registry's only group

Target Everybody(const std::shared_ptr<hub::Registry>& registry) {
  return Target(registry, {.groups = {std::string(only)}});
}

}  // namespace

BroadcastGroup::BroadcastGroup() : registry_(std::make_shared<hub::Registry>()) {}

Error BroadcastGroup::Join(const Handler& socket) {
  return registry_->Join(socket.connection_, only) ? Error() : Errc::Closed;
}

void BroadcastGroup::Leave(const Handler& socket) {
  registry_->Leave(*socket.connection_, only);
}

BroadcastResult BroadcastGroup::Broadcast(std::string_view event, const Json& data) {
  return Everybody(registry_).Emit(event, data);
}

BroadcastResult BroadcastGroup::BroadcastVolatile(std::string_view event, const Json& data) {
  return Everybody(registry_).EmitVolatile(event, data);
}

std::size_t BroadcastGroup::Size() const {
  return Everybody(registry_).Count();
}

std::vector<Handler> BroadcastGroup::Members() const {
  return Everybody(registry_).Members();
}

}  // namespace ws
