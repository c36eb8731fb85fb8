// Many connections as one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ws/detail/hub/selection.hpp"
#include "ws/handler.hpp"
#include "ws/stats.hpp"

namespace ws {

namespace hub {
class Registry;
}

// What one member of a group answered.
struct GroupReply {
  Handler member;
  Reply reply;
};

// Whom a hub sends to: `hub.To("a").To("b").Except(socket).Emit(event, data)`. A value; the members are looked up
// when a verb is called, and each gets the message once. Every verb may be called from any thread.
class Target {
 public:
  Target(std::shared_ptr<hub::Registry> registry, Selection selection)
      : registry_(std::move(registry)), selection_(std::move(selection)) {}

  // The members of this group too.
  Target To(std::string_view group) const;
  Target Except(const Handler& member) const;
  // Nobody who is in this group.
  Target Except(std::string_view group) const;
  Target Except(const char* group) const { return Except(std::string_view(group)); }

  // As Handler's verbs of these names, on each member. Serialised once; the members' queues share the bytes, so a
  // slow member delays nobody, and its own overflow policy decides about it. EmitVolatile counts members that are not
  // open yet as closed.
  BroadcastResult Emit(std::string_view event, const Json& data = nullptr) const;
  BroadcastResult EmitVolatile(std::string_view event, const Json& data = nullptr) const;
  BroadcastResult EmitBinary(std::string_view event, const Json& data, std::string_view bytes) const;

  // Asks each member, and calls back on a pool, once, when all have answered, failed or missed the deadline. A
  // timeout of zero is each member's own.
  template <class Callback>
  requires std::invocable<Callback&, std::vector<GroupReply>>
  void Request(std::string_view event, const Json& data, Callback&& callback,
               std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const {
    auto shared = std::make_shared<std::decay_t<Callback>>(std::forward<Callback>(callback));
    Ask(event, data, timeout, [shared](std::vector<GroupReply> replies) { (*shared)(std::move(replies)); });
  }
  // Where the wait is cancelled, who has not answered has Cancelled as its error.
  boost::asio::awaitable<std::vector<GroupReply>> RequestAsync(
      std::string_view event, const Json& data = nullptr,
      std::chrono::milliseconds timeout = std::chrono::milliseconds::zero()) const;

  // Closes each member; how many there were.
  std::size_t Close(std::uint16_t code = 1000, std::string_view text = {}) const;

  std::size_t Count() const;
  // Ordered by Id.
  std::vector<Handler> Members() const;

 private:
  void Ask(std::string_view event, const Json& data, std::chrono::milliseconds timeout,
           std::function<void(std::vector<GroupReply>)> callback) const;

  std::shared_ptr<hub::Registry> registry_;
  Selection selection_;
};

}  // namespace ws
