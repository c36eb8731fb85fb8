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

// What a client may make the server keep. Lengths are in characters (code points).
inline constexpr std::size_t max_rooms = 64;
inline constexpr std::size_t max_members = 64;  // of a room
inline constexpr std::size_t max_history = 50;  // messages of a room
inline constexpr std::size_t max_room_length = 32;
inline constexpr std::size_t max_nick_length = 24;
inline constexpr std::size_t max_text_length = 2000;
inline constexpr std::size_t max_key_length = 64;  // and of a message's id

// A client's wishes.
struct JoinRequest {
  std::string room, nick;
  std::string key;  // the client's secret: who comes with the same one is the same person
};
struct SayRequest {
  std::string id;  // chosen at random by the client, so that what is sent again is known again
  std::string text;
};

struct Message {
  std::string id, nick, text;
  std::int64_t time = 0;  // milliseconds since 1970, UTC
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JoinRequest, room, nick, key)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SayRequest, id, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Message, id, nick, text, time)

// Who sits where, and what was said last. Knows of no socket, clock or thread: one thread at a time, please.
//
// A connection is in at most one room. An empty room keeps its history until another room needs its place; the one
// that has been empty longest goes first.
class Rooms final {
 public:
  using ConnectionId = std::uint64_t;

  struct Seat {
    std::string room, nick;
  };
  // What somebody finds who comes in.
  struct Entrance {
    Seat seat = {};
    std::vector<std::string> members = {};  // himself included
    std::deque<Message> history = {};
    std::optional<ConnectionId> replaced = {};  // his other connection, whose seat he has taken
  };
  struct Said {
    std::string room;
    std::optional<Message> message;  // none where the room has it already
  };

  // A nick is one person's at a time, but the same key takes the seat over: the connection that holds it may be dead
  // for a while before anybody notices. Doing it twice is once.
  std::variant<Entrance, ws::Failure> Join(ConnectionId connection, JoinRequest request);
  std::variant<Said, ws::Failure> Say(ConnectionId connection, SayRequest request, std::int64_t now);
  // The seat that was left; none where there was none.
  std::optional<Seat> Leave(ConnectionId connection);

  std::optional<Seat> Find(ConnectionId connection) const;
  std::size_t Size() const noexcept { return rooms_.size(); }

 private:
  struct Member {
    ConnectionId connection;
    std::string nick, key;
  };
  struct Room {
    std::vector<Member> members;
    std::deque<Message> history;
    std::uint64_t emptied = 0;  // the higher, the later
  };

  // The room of that name, made where there is none; null where there is no place for it.
  Room* Open(const std::string& name);

  std::map<std::string, Room> rooms_;
  std::unordered_map<ConnectionId, Seat> seats_;
  std::uint64_t times_emptied_ = 0;
};

}  // namespace chat
