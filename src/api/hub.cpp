#include "ws/hub.hpp"

#include "hub/registry.hpp"

namespace ws {

Hub::Hub() : registry_(std::make_shared<hub::Registry>()) {}

Hub::operator std::shared_ptr<transport::Home>() const {
  return registry_;
}

CallbackId Hub::Register(std::string_view event, dispatch::CallbackPtr callback, Order order) {
  const auto registration = registry_->Table().Add(event, std::move(callback), order);
  return registration ? registration->token : CallbackId::None;
}

CallbackId Hub::RegisterAny(dispatch::CallbackPtr callback) {
  return registry_->Table().AddAny(std::move(callback));
}

CallbackId Hub::RegisterRaw(dispatch::CallbackPtr callback) {
  return registry_->Table().SetRaw(std::move(callback));
}

CallbackId Hub::RegisterGate(dispatch::CallbackPtr callback) {
  return registry_->Table().AddGate(std::move(callback));
}

void Hub::Off(std::string_view event) {
  registry_->Table().Remove(event);
}

void Hub::Off(CallbackId token) {
  registry_->Table().Remove(token);
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
