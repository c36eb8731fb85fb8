#pragma once

#include <mutex>
#include <optional>

#include "rooms.hpp"
#include "ws/handler.hpp"
#include "ws/hub.hpp"

namespace chat {

// Registers the chat's events on a hub. Create it before the server starts and destroy it after the server has
// stopped, because the callbacks refer to it.
//
//   event from a client        answer                      event to the other members of the room
//   join {room, nick, key}     room {…}, then the reply    joined {nick}
//   say {id, text}             the reply                   message {id, nick, text, time}; the sender gets it too
//   typing                     none                        typing {nick}
//   leave, or a disconnect     none                        left {nick}
class Chat final {
 public:
  explicit Chat(ws::Hub hub);
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

 private:
  std::optional<ws::Failure> OnJoin(ws::Handler& socket, const JoinRequest& request);
  std::optional<ws::Failure> OnSay(ws::Handler& socket, const SayRequest& request);
  void OnTyping(ws::Handler& socket);
  void OnLeave(ws::Handler& socket);

  ws::Hub hub_;
  // Callbacks of different connections run in parallel. Each callback changes a room and announces the change under
  // this lock, so all members receive the room's events in the same order. Emit never blocks.
  std::mutex mutex_;
  Rooms rooms_;
};

}  // namespace chat
