#include "rooms.hpp"

#include "support/catch.hpp"

namespace {

using chat::Rooms;

constexpr std::int64_t now = 1'700'000'000'000;

Rooms::Joined Join(Rooms& rooms, Rooms::ConnectionId connection, const std::string& room, const std::string& nick,
                   const std::string& key = "key") {
  auto outcome = rooms.Join(connection, {room, nick, key});
  REQUIRE(std::holds_alternative<Rooms::Joined>(outcome));
  return std::get<Rooms::Joined>(std::move(outcome));
}

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  const auto* failure = std::get_if<ws::Failure>(&outcome);
  return failure == nullptr ? "" : failure->code;
}

Rooms::Said Say(Rooms& rooms, Rooms::ConnectionId connection, const std::string& id, const std::string& text) {
  auto outcome = rooms.Say(connection, {id, text}, now);
  REQUIRE(std::holds_alternative<Rooms::Said>(outcome));
  return std::get<Rooms::Said>(std::move(outcome));
}

std::string Repeat(std::size_t count, const std::string& character = "x") {
  std::string text;
  while (count-- > 0) text += character;
  return text;
}

}  // namespace

TEST_CASE("a join returns the members and the history") {
  Rooms rooms;
  CHECK(Join(rooms, 1, "tea", "Ada").nicks == std::vector<std::string>{"Ada"});
  const auto said = Say(rooms, 1, "m1", " hello\n");
  CHECK(said.room == "tea");
  REQUIRE(said.message);
  CHECK(said.message->nick == "Ada");
  CHECK(said.message->text == "hello");
  CHECK(said.message->time == now);

  const auto joined = Join(rooms, 2, " tea ", " Bob ", "other");
  CHECK(joined.membership.room == "tea");
  CHECK(joined.membership.nick == "Bob");
  CHECK(joined.nicks == std::vector<std::string>{"Ada", "Bob"});
  REQUIRE(joined.history.size() == 1);
  CHECK(joined.history.front().id == "m1");
  CHECK_FALSE(joined.replaced);
}

TEST_CASE("another room has its own members, history and nicks") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada");
  Say(rooms, 1, "m1", "hello");
  const auto joined = Join(rooms, 2, "coffee", "Ada", "other");
  CHECK(joined.nicks.size() == 1);
  CHECK(joined.history.empty());
}

TEST_CASE("names, keys, ids and texts have a maximum length, in characters") {
  Rooms rooms;
  for (const std::string& bad : {std::string(), std::string("  "), std::string("a\nb"), std::string("a\x7f"),
                                 std::string("a\0b", 3), Repeat(chat::max_room_length + 1)}) {
    CHECK(CodeOf(rooms.Join(1, {bad, "Ada", "key"})) == "invalid");
    CHECK(CodeOf(rooms.Join(1, {"tea", bad, "key"})) == "invalid");
  }
  CHECK(CodeOf(rooms.Join(1, {"tea", Repeat(chat::max_nick_length + 1, "ä"), "key"})) == "invalid");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Ada", ""})) == "invalid");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Ada", Repeat(chat::max_key_length + 1)})) == "invalid");
  CHECK(rooms.Size() == 0);

  Join(rooms, 1, Repeat(chat::max_room_length, "ö"), Repeat(chat::max_nick_length, "🌹"));
  CHECK(CodeOf(rooms.Say(1, {"m1", " \n"}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {"m1", Repeat(chat::max_text_length + 1, "€")}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {"", "hello"}, now)) == "invalid");
  CHECK(CodeOf(rooms.Say(1, {Repeat(chat::max_key_length + 1), "hello"}, now)) == "invalid");
  CHECK(Say(rooms, 1, "m1", Repeat(chat::max_text_length, "€")).message);
}

TEST_CASE("a nick that another member of the room has is refused") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada", "hers");
  CHECK(CodeOf(rooms.Join(2, {"tea", "Ada", "another"})) == "nick_taken");
  CHECK_FALSE(rooms.Find(2));
  rooms.Leave(1);
  Join(rooms, 2, "tea", "Ada", "another");
}

TEST_CASE("a connection with the same key takes the membership over, and the old connection is no member any more") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada", "hers");
  const auto joined = Join(rooms, 2, "tea", "Ada", "hers");
  CHECK(joined.replaced == Rooms::ConnectionId{1});
  CHECK(joined.nicks == std::vector<std::string>{"Ada"});
  CHECK(CodeOf(rooms.Say(1, {"m1", "hello"}, now)) == "not_joined");
  CHECK_FALSE(rooms.Leave(1));
  CHECK(rooms.Find(2));
  Say(rooms, 2, "m2", "hello");
}

TEST_CASE("joining twice has the effect of joining once, and another room must be left first") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada");
  const auto again = Join(rooms, 1, "tea", "Ada");
  CHECK_FALSE(again.replaced);
  CHECK(again.nicks.size() == 1);
  CHECK(CodeOf(rooms.Join(1, {"coffee", "Ada", "key"})) == "already_joined");
  CHECK(CodeOf(rooms.Join(1, {"tea", "Eve", "key"})) == "already_joined");
  const auto left = rooms.Leave(1);
  REQUIRE(left);
  CHECK(left->room == "tea");
  CHECK(left->nick == "Ada");
  Join(rooms, 1, "coffee", "Ada");
}

TEST_CASE("a connection that is in no room can neither send nor leave") {
  Rooms rooms;
  CHECK(CodeOf(rooms.Say(1, {"m1", "hello"}, now)) == "not_joined");
  CHECK_FALSE(rooms.Find(1));
  CHECK_FALSE(rooms.Leave(1));
}

TEST_CASE("a message that is sent again with the same id is stored once") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada");
  Say(rooms, 1, "m1", "hello");
  const auto again = Say(rooms, 1, "m1", "hello");
  CHECK(again.room == "tea");
  CHECK_FALSE(again.message);
  CHECK(Join(rooms, 2, "tea", "Bob").history.size() == 1);
}

TEST_CASE("the history holds the last max_history messages") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada");
  for (std::size_t number = 0; number <= chat::max_history; ++number) {
    Say(rooms, 1, std::to_string(number), "hello");
  }
  const auto history = Join(rooms, 2, "tea", "Bob").history;
  CHECK(history.size() == chat::max_history);
  CHECK(history.front().id == "1");
  CHECK(history.back().id == std::to_string(chat::max_history));
}

TEST_CASE("a full room refuses a new member") {
  Rooms rooms;
  for (Rooms::ConnectionId id = 1; id <= chat::max_members; ++id) Join(rooms, id, "tea", std::to_string(id));
  CHECK(CodeOf(rooms.Join(1000, {"tea", "late", "key"})) == "room_full");
  CHECK(Join(rooms, 1000, "tea", "1").replaced == Rooms::ConnectionId{1});
}

TEST_CASE("an empty room keeps its history until a new room needs its place; the longest empty room is deleted first") {
  Rooms rooms;
  const auto visit = [&](const std::string& room) {
    Join(rooms, 1, room, "Ada");
    Say(rooms, 1, "m", "hello");
    rooms.Leave(1);
  };
  const auto has_history = [&](const std::string& room) {
    const bool found = !Join(rooms, 1, room, "Ada").history.empty();
    rooms.Leave(1);
    return found;
  };
  visit("oldest");
  visit("older");
  for (std::size_t number = 2; number < chat::max_rooms; ++number) visit(std::to_string(number));
  CHECK(has_history("oldest"));  // this visit makes it the most recently emptied room
  visit("new");
  CHECK(rooms.Size() == chat::max_rooms);
  CHECK(has_history("oldest"));
  CHECK_FALSE(has_history("older"));
}

TEST_CASE("a room with members is not deleted, and a new room is refused if all rooms have members") {
  Rooms rooms;
  for (std::size_t number = 1; number <= chat::max_rooms; ++number) Join(rooms, number, std::to_string(number), "Ada");
  CHECK(CodeOf(rooms.Join(1000, {"new", "Ada", "key"})) == "too_many_rooms");
  Join(rooms, 1000, "1", "Bob");
}

TEST_CASE("an empty room without history is deleted at once") {
  Rooms rooms;
  Join(rooms, 1, "tea", "Ada");
  rooms.Leave(1);
  CHECK(rooms.Size() == 0);
}
