// A set of connections with one verb.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ws/handler.hpp"
#include "ws/stats.hpp"

namespace ws {

namespace hub {
class Registry;
}

// For those who hold a set of connections of their own, with or without a hub. A cheap, copyable handle: copies mean
// the same group. Every verb may be called from any thread. A member whose transport ends leaves by itself.
class BroadcastGroup {
 public:
  BroadcastGroup();

  // Closed where the connection has ended. Who is a member already stays one.
  Error Join(const Handler& member);
  void Leave(const Handler& member);
  // Emits to every member; see Target::Emit.
  BroadcastResult Broadcast(std::string_view event, const Json& data = nullptr);
  BroadcastResult BroadcastVolatile(std::string_view event, const Json& data = nullptr);

  std::size_t Size() const;
  // Ordered by Id.
  std::vector<Handler> Members() const;

 private:
  std::shared_ptr<hub::Registry> registry_;
};

}  // namespace ws
