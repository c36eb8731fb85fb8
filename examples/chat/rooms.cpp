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
  const auto starts_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

bool Fits(std::string_view text, std::size_t max_length) {
  return !text.empty() && CountCharacters(text) <= max_length;
}

bool FitsOneLine(std::string_view text, std::size_t max_length) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return Fits(text, max_length) && std::none_of(text.begin(), text.end(), is_control);
}

ws::Failure Invalid(const std::string& field, std::size_t max_length) {
  return {"invalid", field + " needs 1 to " + std::to_string(max_length) + " characters"};
}

}  // namespace

std::variant<Rooms::Joined, ws::Failure> Rooms::Join(ConnectionId connection, JoinRequest request) {
  Membership membership{Trim(request.room), Trim(request.nick)};
  if (!FitsOneLine(membership.room, max_room_length)) return Invalid("A room's name", max_room_length);
  if (!FitsOneLine(membership.nick, max_nick_length)) return Invalid("A nick", max_nick_length);
  if (!FitsOneLine(request.key, max_key_length)) return Invalid("A key", max_key_length);
  const auto current = memberships_.find(connection);
  if (current != memberships_.end() &&
      (current->second.room != membership.room || current->second.nick != membership.nick)) {
    return ws::Failure{"already_joined", "Leave the current room first"};
  }
  Room* room = FindOrCreate(membership.room);
  if (room == nullptr) return ws::Failure{"too_many_rooms", "There are too many rooms; join an existing one"};

  Joined joined{.membership = membership};
  const auto holder = std::find_if(room->members.begin(), room->members.end(),
                                   [&](const Member& member) { return member.nick == membership.nick; });
  if (holder == room->members.end()) {
    if (room->members.size() == max_members) return ws::Failure{"room_full", "The room is full"};
    room->members.push_back({connection, membership.nick, std::move(request.key)});
  } else if (holder->key != request.key) {
    return ws::Failure{"nick_taken", "Another person in this room has this nick"};
  } else if (holder->connection != connection) {
    joined.replaced = std::exchange(holder->connection, connection);
    memberships_.erase(*joined.replaced);
  }
  memberships_.insert_or_assign(connection, std::move(membership));

  for (const Member& member : room->members) joined.nicks.push_back(member.nick);
  joined.history = room->history;
  return joined;
}

std::variant<Rooms::Said, ws::Failure> Rooms::Say(ConnectionId connection, SayRequest request, std::int64_t now) {
  const auto membership = memberships_.find(connection);
  if (membership == memberships_.end()) return ws::Failure{"not_joined", "Join a room first"};
  std::string text = Trim(request.text);
  if (!Fits(text, max_text_length)) return Invalid("A message", max_text_length);
  if (!FitsOneLine(request.id, max_key_length)) return Invalid("An id", max_key_length);

  const auto& [room, nick] = membership->second;
  std::deque<Message>& history = rooms_.at(room).history;
  if (std::any_of(history.begin(), history.end(), [&](const Message& old) { return old.id == request.id; })) {
    return Said{room, std::nullopt};
  }
  if (history.size() == max_history) history.pop_front();
  return Said{room, history.emplace_back(Message{std::move(request.id), nick, std::move(text), now})};
}

std::optional<Rooms::Membership> Rooms::Leave(ConnectionId connection) {
  auto removed = memberships_.extract(connection);
  if (removed.empty()) return std::nullopt;
  const auto room = rooms_.find(removed.mapped().room);
  auto& [members, history, emptied_sequence] = room->second;
  std::erase_if(members, [&](const Member& member) { return member.connection == connection; });
  if (members.empty()) {
    emptied_sequence = ++last_emptied_sequence_;
    if (history.empty()) rooms_.erase(room);
  }
  return std::move(removed.mapped());
}

std::optional<Rooms::Membership> Rooms::Find(ConnectionId connection) const {
  const auto membership = memberships_.find(connection);
  return membership == memberships_.end() ? std::nullopt : std::optional(membership->second);
}

Rooms::Room* Rooms::FindOrCreate(const std::string& name) {
  if (const auto room = rooms_.find(name); room != rooms_.end()) return &room->second;
  if (rooms_.size() == max_rooms) {
    auto oldest = rooms_.end();
    for (auto room = rooms_.begin(); room != rooms_.end(); ++room) {
      if (!room->second.members.empty()) continue;
      if (oldest == rooms_.end() || room->second.emptied_sequence < oldest->second.emptied_sequence) oldest = room;
    }
    if (oldest == rooms_.end()) return nullptr;
    rooms_.erase(oldest);
  }
  return &rooms_[name];
}

}  // namespace chat
