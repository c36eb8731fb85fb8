#pragma once

#include <mutex>
#include <optional>

#include "rooms.hpp"
#include "ws/handler.hpp"
#include "ws/hub.hpp"

namespace chat {

// The events of the chat, on every connection of a hub. Make it before the server runs, and keep it until that has
// stopped: callbacks refer to it.
//
//   a client sends             the answer                  the room hears
//   join {room, nick, key}     room {…}, then the reply    joined {nick}
//   say {id, text}             the reply                   message {id, nick, text, time}, the speaker too
//   typing                                                 typing {nick}
//   leave, or its end                                      left {nick}
class Chat final {
 public:
  explicit Chat(ws::Hub hub);
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

 private:
  std::optional<ws::Failure> Join(ws::Handler& peer, const JoinRequest& request);
  std::optional<ws::Failure> Say(ws::Handler& peer, const SayRequest& request);
  void Type(ws::Handler& peer);
  void Leave(ws::Handler& peer);

  ws::Hub hub_;
  // Callbacks of different connections run side by side. What changes a room and what tells of it happen under this
  // lock together, so everybody hears the room's events in the one order in which they were; Emit never blocks.
  std::mutex mutex_;
  Rooms rooms_;
};

}  // namespace chat
