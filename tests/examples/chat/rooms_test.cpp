#include "rooms.hpp"

#include "support/catch.hpp"

namespace {

using chat::Rooms;

constexpr std::int64_t now = 1'700'000'000'000;

Rooms::Entrance Enter(Rooms& rooms, Rooms::ConnectionId who, const std::string& room, const std::string& nick,
                      const std::string& key = "key") {
  auto outcome = rooms.Join(who, {room, nick, key});
  REQUIRE(std::holds_alternative<Rooms::Entrance>(outcome));
  return std::get<Rooms::Entrance>(std::move(outcome));
}

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  const auto* failure = std::get_if<ws::Failure>(&outcome);
  return failure == nullptr ? "" : failure->code;
}

Rooms::Said Say(Rooms& rooms, Rooms::ConnectionId who, const std::string& id, const std::string& text) {
  auto outcome = rooms.Say(who, {id, text}, now);
  REQUIRE(std::holds_alternative<Rooms::Said>(outcome));
  return std::get<Rooms::Said>(std::move(outcome));
}

std::string Many(std::size_t count, const std::string& character = "x") {
  std::string text;
  while (count-- > 0) text += character;
  return text;
}

}  // namespace

TEST_CASE("who joins finds the members and what was said") {
  Rooms rooms;
  CHECK(Enter(rooms, 1, "tea", "Ada").members == std::vector<std::string>{"Ada"});
  const auto said = Say(rooms, 1, "m1", " hello\n");
  CHECK(said.room == "tea");
  REQUIRE(said.message);
  CHECK(said.message->nick == "Ada");
  CHECK(said.message->text == "hello");
  CHECK(said.message->time == now);

  const auto entrance = Enter(rooms, 2, " tea ", " Bob ", "other");
  CHECK(entrance.seat.room == "tea");
  CHECK(entrance.seat.nick == "Bob");
  CHECK(entrance.members == std::vector<std::string>{"Ada", "Bob"});
  REQUIRE(entrance.history.size() == 1);
  CHECK(entrance.history.front().id == "m1");
  CHECK_FALSE(entrance.replaced);
}

TEST_CASE("another room has its own members, history and nicks") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada");
  Say(rooms, 1, "m1", "hello");
  const auto entrance = Enter(rooms, 2, "coffee", "Ada", "other");
  CHECK(entrance.members.size() == 1);
  CHECK(entrance.history.empty());
}

TEST_CASE("names, keys, ids and texts have their lengths, in characters") {
  Rooms rooms;
  for (const std::string& bad : {std::string(), std::string("  "), std::string("a\nb"), std::string("a\x7f"),
                                 std::string("a\0b", 3), Many(chat::max_room_length + 1)}) {
    CHECK(CodeOf(rooms.Join(1, {bad, "Ada", "key"})) == "invalid");
    CHECK(CodeOf(rooms.Join(1, {"tea", bad, "key"})) == "invalid");
  }
  CHECK(CodeOf(rooms.Join(1, {"tea", Many(chat::max_nick_length + 1, "ä"), "key"})) == "invalid");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Ada", ""})) == "invalid");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Ada", Many(chat::max_key_length + 1)})) == "invalid");
  CHECK(rooms.Size() == 0);

  Enter(rooms, 1, Many(chat::max_room_length, "ö"), Many(chat::max_nick_length, "🌹"));
  CHECK(CodeOf(rooms.Say(1, {"m1", " \n"}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {"m1", Many(chat::max_text_length + 1, "€")}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {"", "hello"}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {Many(chat::max_key_length + 1), "hello"}, now)) == "invalid");
  CHECK(Say(rooms, 1, "m1", Many(chat::max_text_length, "€")).message);
}

TEST_CASE("a nick is one person's at a time") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada", "hers");
  CHECK(CodeOf(rooms.Join(2, {"tea", "Ada", "another"})) == "nick_taken");
  CHECK_FALSE(rooms.Find(2));
  rooms.Leave(1);
  Enter(rooms, 2, "tea", "Ada", "another");
}

TEST_CASE("the same key takes the seat over, and the connection that held it is out") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada", "hers");
  const auto entrance = Enter(rooms, 2, "tea", "Ada", "hers");
  CHECK(entrance.replaced == Rooms::ConnectionId{1});
  CHECK(entrance.members == std::vector<std::string>{"Ada"});
  CHECK(CodeOf(rooms.Say(1, {"m1", "hello"}, now)) == "not_joined");
  CHECK_FALSE(rooms.Leave(1));
  CHECK(rooms.Find(2));
  Say(rooms, 2, "m2", "hello");
}

TEST_CASE("to join twice is to join once, and another room needs to be left first") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada");
  const auto again = Enter(rooms, 1, "tea", "Ada");
  CHECK_FALSE(again.replaced);
  CHECK(again.members.size() == 1);
  CHECK(CodeOf(rooms.Join(1, {"coffee", "Ada", "key"})) == "already_joined");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Eve", "key"})) == "already_joined");
  const auto left = rooms.Leave(1);
  REQUIRE(left);
  CHECK(left->room == "tea");
  CHECK(left->nick == "Ada");
  Enter(rooms, 1, "coffee", "Ada");
}

TEST_CASE("who is in no room says nothing") {
  Rooms rooms;
  CHECK(CodeOf(rooms.Say(1, {"m1", "hello"}, now)) == "not_joined");
  CHECK_FALSE(rooms.Find(1));
  CHECK_FALSE(rooms.Leave(1));
}

TEST_CASE("what is sent again is said once") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada");
  Say(rooms, 1, "m1", "hello");
  const auto again = Say(rooms, 1, "m1", "hello");
  CHECK(again.room == "tea");
  CHECK_FALSE(again.message);
  CHECK(Enter(rooms, 2, "tea", "Bob").history.size() == 1);
}

TEST_CASE("the history holds the last messages") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada");
  for (std::size_t number = 0; number <= chat::max_history; ++number) {
    Say(rooms, 1, std::to_string(number), "hello");
  }
  const auto history = Enter(rooms, 2, "tea", "Bob").history;
  CHECK(history.size() == chat::max_history);
  CHECK(history.front().id == "1");
  CHECK(history.back().id == std::to_string(chat::max_history));
}

TEST_CASE("a room holds so many and no more") {
  Rooms rooms;
  for (Rooms::ConnectionId who = 1; who <= chat::max_members; ++who) Enter(rooms, who, "tea", std::to_string(who));
  CHECK(CodeOf(rooms.Join(1000, {"tea", "late", "key"})) == "room_full");
  CHECK(Enter(rooms, 1000, "tea", "1").replaced == Rooms::ConnectionId{1});
}

TEST_CASE("an empty room keeps its history, and goes when its place is needed: the longest empty one first") {
  Rooms rooms;
  const auto visit = [&](const std::string& room) {
    Enter(rooms, 1, room, "Ada");
    Say(rooms, 1, "m", "hello");
    rooms.Leave(1);
  };
  const auto remembers = [&](const std::string& room) {
    const bool found = !Enter(rooms, 1, room, "Ada").history.empty();
    rooms.Leave(1);
    return found;
  };
  visit("oldest");
  visit("older");
  for (std::size_t number = 2; number < chat::max_rooms; ++number) visit(std::to_string(number));
  CHECK(remembers("oldest"));  // which makes it the one that was visited last
  visit("new");
  CHECK(rooms.Size() == chat::max_rooms);
  CHECK(remembers("oldest"));
  CHECK_FALSE(remembers("older"));
}

TEST_CASE("rooms with somebody in them stay, and a new one is refused where all are taken") {
  Rooms rooms;
  for (std::size_t number = 1; number <= chat::max_rooms; ++number) Enter(rooms, number, std::to_string(number), "Ada");
  CHECK(CodeOf(rooms.Join(1000, {"new", "Ada", "key"})) == "too_many_rooms");
  Enter(rooms, 1000, "1", "Bob");
}

TEST_CASE("a room in which nothing was said is forgotten at once") {
  Rooms rooms;
  Enter(rooms, 1, "tea", "Ada");
  rooms.Leave(1);
  CHECK(rooms.Size() == 0);
}
