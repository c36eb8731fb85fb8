#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "ws/json.hpp"
#include "ws/reply.hpp"

namespace chat {

// Bounds on the memory that clients can use. Lengths are in characters (code points).
inline constexpr std::size_t max_rooms = 64;
inline constexpr std::size_t max_members = 64;  // per room
inline constexpr std::size_t max_history = 50;  // messages per room
inline constexpr std::size_t max_room_length = 32;
inline constexpr std::size_t max_nick_length = 24;
inline constexpr std::size_t max_text_length = 2000;
inline constexpr std::size_t max_key_length = 64;  // also the bound on the length of a message id

struct JoinRequest {
  std::string room, nick;
  std::string key;  // a secret of the client; connections with the same key belong to the same person
};
struct SayRequest {
  std::string id;  // chosen at random by the client, so that the room recognizes a message that is sent again
  std::string text;
};

struct Message {
  std::string id, nick, text;
  std::int64_t time = 0;  // milliseconds since 1970, UTC
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JoinRequest, room, nick, key)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SayRequest, id, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Message, id, nick, text, time)

// The members and the last messages of all rooms. Pure: no socket, no clock, no thread. Not thread-safe.
//
// A connection is a member of at most one room. An empty room keeps its history. If there are max_rooms rooms and a
// new one is needed, the room that has been empty for the longest time is deleted.
class Rooms final {
 public:
  using ConnectionId = std::uint64_t;

  // The room of a connection, and its nick there.
  struct Membership {
    std::string room, nick;
  };
  struct Joined {
    Membership membership = {};
    std::vector<std::string> nicks = {};  // of all members, including the new one
    std::deque<Message> history = {};
    std::optional<ConnectionId> replaced = {};  // the connection whose membership was taken over
  };
  struct Said {
    std::string room;
    std::optional<Message> message;  // not set if the room has it already
  };

  // Makes the connection a member of the room. A nick belongs to one connection at a time. A new connection with the
  // same key takes the membership over, because the old connection may be dead before the server notices. Joining
  // twice with the same request has the effect of joining once.
  std::variant<Joined, ws::Failure> Join(ConnectionId connection, JoinRequest request);
  // Appends a message to the history of the connection's room.
  std::variant<Said, ws::Failure> Say(ConnectionId connection, SayRequest request, std::int64_t now);
  // Ends the membership and returns it. Returns nothing if the connection was in no room.
  std::optional<Membership> Leave(ConnectionId connection);

  std::optional<Membership> Find(ConnectionId connection) const;
  std::size_t Size() const noexcept { return rooms_.size(); }

 private:
  struct Member {
    ConnectionId connection;
    std::string nick, key;
  };
  struct Room {
    std::vector<Member> members;
    std::deque<Message> history;
    std::uint64_t emptied_sequence = 0;  // higher if the room became empty later
  };

  // Returns the room of that name, and creates it if it does not exist. Returns null if there are max_rooms rooms
  // already and each has members.
  Room* FindOrCreate(const std::string& name);

  std::map<std::string, Room> rooms_;
  std::unordered_map<ConnectionId, Membership> memberships_;
  std::uint64_t last_emptied_sequence_ = 0;
};

}  // namespace chat
