#include "ws/event_callbacks.hpp"

#include "ws/client.hpp"
#include "ws/detail/dispatch/event_table.hpp"
#include "ws/handler.hpp"
#include "ws/hub.hpp"
#include "ws/server.hpp"

namespace ws {

template <class Owner>
void EventCallbacks<Owner>::Off(std::string_view event) {
  Self().Table().Remove(event);
}

template <class Owner>
void EventCallbacks<Owner>::Off(CallbackId id) {
  Self().Table().Remove(id);
}

template <class Owner>
CallbackId EventCallbacks<Owner>::AddAny(dispatch::CallbackPtr callback) {
  return Self().Table().AddAny(std::move(callback));
}

template <class Owner>
CallbackId EventCallbacks<Owner>::AddMiddleware(dispatch::CallbackPtr callback) {
  return Self().Table().AddMiddleware(std::move(callback));
}

template <class Owner>
CallbackId EventCallbacks<Owner>::SetRaw(dispatch::CallbackPtr callback) {
  return Self().Table().SetRaw(std::move(callback));
}

template class EventCallbacks<Handler>;
template class EventCallbacks<Hub>;
template class EventCallbacks<Server>;
template class EventCallbacks<Client>;

}  // namespace ws
