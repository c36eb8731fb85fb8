// A set of connections that the application manages itself.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ws/handler.hpp"
#include "ws/json.hpp"
#include "ws/stats.hpp"

namespace ws {

namespace hub {
class Registry;
}

// A set of connections that is independent of hubs. A handle, cheap to copy: copies refer to the same group. Every verb
// may be called from any thread. A member leaves when its transport ends.
class BroadcastGroup {
 public:
  BroadcastGroup();

  // Adds a connection. Joining twice is no error. Returns Closed if the connection has ended.
  Error Join(const Handler& socket);
  void Leave(const Handler& socket);

  // Emits to every member. See Target::Emit.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr);
  BroadcastResult Broadcast(std::string_view event, JsonObject data) {
    return Broadcast(event, JsonMember::MakeObject(data));
  }
  // Emits to every member. See Handler::EmitVolatile.
  BroadcastResult BroadcastVolatile(std::string_view event, const Json& data = nullptr);
  BroadcastResult BroadcastVolatile(std::string_view event, JsonObject data) {
    return BroadcastVolatile(event, JsonMember::MakeObject(data));
  }

  // The number of members.
  std::size_t Size() const;
  // The members, sorted by Handler::Id.
  std::vector<Handler> Members() const;

 private:
  std::shared_ptr<hub::Registry> registry_;
};

}  // namespace ws
