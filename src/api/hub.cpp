#include "ws/hub.hpp"

#include "hub/registry.hpp"

namespace ws {

Hub::Hub() : registry_(std::make_shared<hub::Registry>()) {}

Hub::operator std::shared_ptr<connection::ConnectionScope>() const {
  return registry_;
}

CallbackId Hub::Register(std::string_view event, dispatch::CallbackPtr callback, Order order, bool once) {
  const auto registration = registry_->Callbacks().Add(event, std::move(callback), order, once);
  return registration ? registration->id : CallbackId::None;
}

dispatch::EventTable& Hub::Table() noexcept {
  return registry_->Callbacks();
}

Target Hub::Everybody() const {
  return Target(registry_, {.everybody = true});
}

Target Hub::To(std::string_view group) const {
  return Target(registry_, {.groups = {std::string(group)}});
}

std::vector<std::string> Hub::Groups() const {
  return registry_->Groups();
}

}  // namespace ws
