// A selection of a hub's connections, and the verbs that act on all of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "ws/detail/dispatch/reply_callback.hpp"
#include "ws/detail/hub/selection.hpp"
#include "ws/handler.hpp"
#include "ws/json.hpp"
#include "ws/reply.hpp"
#include "ws/stats.hpp"

namespace ws {

namespace hub {
class Registry;
}

// The reply of one member of a Target.
struct GroupReply {
  Handler member;
  Reply reply;
};

// A selection of a hub's connections: `hub.To("a").To("b").Except(socket).Emit(event, data)`. A value. The members are
// looked up when a verb is called, and each member gets the message once. Every verb may be called from any thread.
class Target {
 public:
  // For the library itself.
  Target(std::shared_ptr<hub::Registry> registry, Selection selection)
      : registry_(std::move(registry)), selection_(std::move(selection)) {}

  // Adds the members of a group.
  Target To(std::string_view group) const;
  // Leaves out one connection.
  Target Except(const Handler& socket) const;
  // Leaves out the members of a group.
  Target Except(std::string_view group) const;
  Target Except(const char* group) const { return Except(std::string_view(group)); }

  // Call the verb of the same name of Handler on each member. The message is serialised once, and the members' write
  // queues share it. A slow member does not delay the others: its own Options::overflow decides what happens if its
  // queue is full. EmitVolatile counts members that are not open yet as closed.
  BroadcastResult Emit(std::string_view event, const Json& data = nullptr) const;
  BroadcastResult Emit(std::string_view event, JsonObject data) const {
    return Emit(event, JsonMember::MakeObject(data));
  }
  BroadcastResult EmitVolatile(std::string_view event, const Json& data = nullptr) const;
  BroadcastResult EmitVolatile(std::string_view event, JsonObject data) const {
    return EmitVolatile(event, JsonMember::MakeObject(data));
  }
  BroadcastResult EmitBinary(std::string_view event, const Json& data, std::string_view bytes) const;
  BroadcastResult EmitBinary(std::string_view event, JsonObject data, std::string_view bytes) const {
    return EmitBinary(event, JsonMember::MakeObject(data), bytes);
  }

  // Sends a request to each member, and calls `callback` once, on a pool, when all have replied, failed or timed out:
  // (const std::vector<ws::GroupReply>& replies). A timeout of zero is each member's Options::request_timeout.
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const {
    SendRequest(event, data, timeout,
                dispatch::MakeReplyCallback<std::vector<GroupReply>>(std::forward<Callback>(callback)));
  }
  template <class Callback>
  requires dispatch::IsNoDuration<Callback>
  void Request(std::string_view event, JsonObject data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const {
    Request(event, JsonMember::MakeObject(data), std::forward<Callback>(callback), timeout);
  }
  // A request without data.
  template <class Callback>
  void Request(std::string_view event, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const {
    Request(event, Json(), std::forward<Callback>(callback), timeout);
  }
  // Like Request, but waits for the replies. If the wait is cancelled, the members that have not replied have the error
  // Cancelled.
  boost::asio::awaitable<std::vector<GroupReply>> RequestAsync(
      std::string_view event, const Json& data = nullptr,
      std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const;
  boost::asio::awaitable<std::vector<GroupReply>> RequestAsync(
      std::string_view event, JsonObject data,
      std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const {
    return RequestAsync(event, JsonMember::MakeObject(data), timeout);
  }

  // Closes each member like Handler::Close, and returns their number.
  std::size_t Close(std::uint16_t code = 1000, std::string_view text = {}) const;

  // The number of members.
  std::size_t Count() const;
  // The members, sorted by Handler::Id.
  std::vector<Handler> Members() const;

 private:
  void SendRequest(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
                   std::function<void(std::vector<GroupReply>)> callback) const;

  std::shared_ptr<hub::Registry> registry_;
  Selection selection_;
};

}  // namespace ws
