#include "rooms.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace chat {
namespace {

std::string Trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

std::size_t CountCharacters(std::string_view text) {
  const auto starts_one = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_one));
}

bool Fits(std::string_view text, std::size_t max_length) {
  return !text.empty() && CountCharacters(text) <= max_length;
}

bool FitsOneLine(std::string_view text, std::size_t max_length) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return Fits(text, max_length) && std::none_of(text.begin(), text.end(), is_control);
}

ws::Failure Invalid(const std::string& what, std::size_t max_length) {
  return {"invalid", what + " needs 1 to " + std::to_string(max_length) + " characters"};
}

}  // namespace

std::variant<Rooms::Entrance, ws::Failure> Rooms::Join(ConnectionId connection, JoinRequest request) {
  Seat seat{Trim(request.room), Trim(request.nick)};
  if (!FitsOneLine(seat.room, max_room_length)) return Invalid("A room's name", max_room_length);
  if (!FitsOneLine(seat.nick, max_nick_length)) return Invalid("A nick", max_nick_length);
  if (!FitsOneLine(request.key, max_key_length)) return Invalid("A key", max_key_length);
  const auto taken = seats_.find(connection);
  if (taken != seats_.end() && (taken->second.room != seat.room || taken->second.nick != seat.nick)) {
    return ws::Failure{"already_joined", "Leave first"};
  }
  Room* room = Open(seat.room);
  if (room == nullptr) return ws::Failure{"too_many_rooms", "There are too many rooms; join one of them"};

  Entrance entrance{.seat = seat};
  const auto holder = std::find_if(room->members.begin(), room->members.end(),
                                   [&](const Member& member) { return member.nick == seat.nick; });
  if (holder == room->members.end()) {
    if (room->members.size() == max_members) return ws::Failure{"room_full", "The room is full"};
    room->members.push_back({connection, seat.nick, std::move(request.key)});
  } else if (holder->key != request.key) {
    return ws::Failure{"nick_taken", "Somebody in the room has this nick"};
  } else if (holder->connection != connection) {
    entrance.replaced = std::exchange(holder->connection, connection);
    seats_.erase(*entrance.replaced);
  }
  seats_.insert_or_assign(connection, std::move(seat));

  for (const Member& member : room->members) entrance.members.push_back(member.nick);
  entrance.history = room->history;
  return entrance;
}

std::variant<Rooms::Said, ws::Failure> Rooms::Say(ConnectionId connection, SayRequest request, std::int64_t now) {
  const auto seat = seats_.find(connection);
  if (seat == seats_.end()) return ws::Failure{"not_joined", "Join a room first"};
  std::string text = Trim(request.text);
  if (!Fits(text, max_text_length)) return Invalid("A message", max_text_length);
  if (!FitsOneLine(request.id, max_key_length)) return Invalid("An id", max_key_length);

  const auto& [room, nick] = seat->second;
  std::deque<Message>& history = rooms_.at(room).history;
  if (std::any_of(history.begin(), history.end(), [&](const Message& old) { return old.id == request.id; })) {
    return Said{room, std::nullopt};
  }
  if (history.size() == max_history) history.pop_front();
  return Said{room, history.emplace_back(Message{std::move(request.id), nick, std::move(text), now})};
}

std::optional<Rooms::Seat> Rooms::Leave(ConnectionId connection) {
  auto left = seats_.extract(connection);
  if (left.empty()) return std::nullopt;
  const auto room = rooms_.find(left.mapped().room);
  auto& [members, history, emptied] = room->second;
  std::erase_if(members, [&](const Member& member) { return member.connection == connection; });
  if (members.empty()) {
    emptied = ++times_emptied_;
    if (history.empty()) rooms_.erase(room);
  }
  return std::move(left.mapped());
}

std::optional<Rooms::Seat> Rooms::Find(ConnectionId connection) const {
  const auto seat = seats_.find(connection);
  return seat == seats_.end() ? std::nullopt : std::optional(seat->second);
}

Rooms::Room* Rooms::Open(const std::string& name) {
  if (const auto room = rooms_.find(name); room != rooms_.end()) return &room->second;
  if (rooms_.size() == max_rooms) {
    auto oldest = rooms_.end();
    for (auto room = rooms_.begin(); room != rooms_.end(); ++room) {
      if (!room->second.members.empty()) continue;
      if (oldest == rooms_.end() || room->second.emptied < oldest->second.emptied) oldest = room;
    }
    if (oldest == rooms_.end()) return nullptr;
    rooms_.erase(oldest);
  }
  return &rooms_[name];
}

}  // namespace chat
