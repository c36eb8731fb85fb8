// Hubs: everybody, named groups, and callbacks that all members share.
#include "ws/hub.hpp"

#include <future>
#include <set>
#include <string>
#include <vector>

#include "api/rooms.hpp"
#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "ws/ws.hpp"

using ws::BroadcastResult;
using ws::Errc;
using ws::Handler;
using ws::Hub;
using ws::Json;
using ws::Options;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;
using ws::test::Rooms;

namespace {

void Check(const BroadcastResult& result, std::size_t queued, std::size_t dropped = 0, std::size_t closed = 0) {
  CHECK_FALSE(result.error);
  CHECK(result.queued == queued);
  CHECK(result.dropped == dropped);
  CHECK(result.closed == closed);
}

}  // namespace

TEST_CASE("a hub sends to everybody, to groups, and not to exceptions; each gets it once") {
  Rooms rooms({"a", "ab", "b", "c"});
  const Hub hub = rooms.hub();
  CHECK(hub.Size() == 4);
  CHECK(hub.Groups() == std::vector<std::string>{"a", "b", "c"});
  Check(hub.Broadcast("news", 1), 4);
  CHECK(rooms.WhoGets(1) == std::set<std::size_t>{0, 1, 2, 3});
  Check(hub.To("a").To("b").Emit("news", 2), 3);
  CHECK(rooms.WhoGets(2) == std::set<std::size_t>{0, 1, 2});
  Check(hub.To("a").To("b").Except(rooms.socket(1)).Emit("news", 3), 2);
  CHECK(rooms.WhoGets(3) == std::set<std::size_t>{0, 2});
  Check(hub.Except("a").Emit("news", 4), 2);
  CHECK(rooms.WhoGets(4) == std::set<std::size_t>{2, 3});
  Check(hub.To("none").Emit("news", 5), 0);
  CHECK(rooms.WhoGets(5).empty());
  CHECK(hub.To("a").Emit("$x").error == Errc::InvalidEvent);
  CHECK(hub.To("a").Count() == 2);
  CHECK(hub.To("a").Members() == std::vector<Handler>{rooms.socket(0), rooms.socket(1)});
}

TEST_CASE("a socket joins, leaves, sends to a group but itself, and broadcasts to everybody") {
  Rooms rooms({"a", "a", ""});
  Handler socket = rooms.socket(0);
  Check(socket.To("a").Emit("news", 1), 1);
  CHECK(rooms.WhoGets(1) == std::set<std::size_t>{1});
  Check(socket.Broadcast("news", 2), 3);
  CHECK(rooms.WhoGets(2) == std::set<std::size_t>{0, 1, 2});
  CHECK_FALSE(rooms.socket(2).Join("a"));
  rooms.socket(1).Leave("a");
  Check(socket.To("a").EmitVolatile("news", 3), 1);
  CHECK(rooms.WhoGets(3) == std::set<std::size_t>{2});
}

TEST_CASE("without a hub a broadcast is the handler's own, and groups are a logic error") {
  MemorySession session;
  session.Open();
  Check(session.socket.Broadcast("x", 1), 1);
  CHECK(session.peer.Receive()["data"] == 1);
  CHECK(session.socket.Broadcast("$x").error == Errc::InvalidEvent);
  CHECK_THROWS_AS(session.socket.Join("a"), std::logic_error);
  CHECK_THROWS_AS(session.socket.Leave("a"), std::logic_error);
  CHECK_THROWS_AS(session.socket.To("a"), std::logic_error);
  session.socket.Close();
  Check(session.socket.Broadcast("x", 1), 0, 0, 1);
}

TEST_CASE("membership ends with the transport, before disconnect") {
  Hub hub;
  std::promise<std::size_t> members;
  MemorySession session(Options{.hub = hub});
  session.socket.On("disconnect", [&] { members.set_value(hub.Size() + hub.To("a").Count()); });
  CHECK_FALSE(session.socket.Join("a"));
  CHECK(hub.To("a").Count() == 1);
  CHECK(hub.Size() == 0);
  session.Open();
  CHECK(hub.Size() == 1);
  session.peer.Cut();
  CHECK(Get(members.get_future()) == 0);
  CHECK(session.socket.Join("a") == Errc::Closed);
}

TEST_CASE("what a hub hears, all its members' peers may send; a connection's own callbacks come first") {
  Journal journal;
  Hub hub;
  hub.On("connect", [&] { journal.Add("hub connect"); });
  hub.On("disconnect", [&] { journal.Add("hub disconnect"); });
  hub.On("shared", [](const Json& data) { return Json{{"hub", data}}; });
  hub.OnTyped("sum", [](const std::vector<int>& numbers) { return numbers.at(0) + numbers.at(1); });
  hub.OnAny([&](Handler&, const ws::Message& message) { journal.Add("hub any " + std::string(message.Event())); });
  for (const bool own : {false, true}) {
    MemorySession session(Options{.hub = hub});
    session.socket.On("connect", [&] { journal.Add("own connect"); });
    session.socket.On("disconnect", [&] { journal.Add("own disconnect"); });
    if (own) session.socket.On("shared", [] { return "own"; });
    session.Open();
    session.peer.Send("shared", 1, 1);
    CHECK(session.peer.Receive()["data"] == (own ? Json("own") : Json{{"hub", 1}}));
    session.peer.Send("sum", {1, 2}, 2);
    CHECK(session.peer.Receive()["data"] == 3);
    session.peer.Close();
    CHECK(Get(session.Start(session.socket.ClosedAsync())) == ws::Error());
  }
  const std::vector<std::string> once = {"hub connect", "own connect",    "hub any shared",
                                         "hub any sum", "own disconnect", "hub disconnect"};
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(journal.Entries() == twice);
}

TEST_CASE("a hub's OnMessage takes every message of connections without one of their own") {
  Hub hub;
  hub.OnMessage([](Handler& peer, const ws::Message& message) { peer.Send(message.Payload(), message.Type()); });
  MemorySession session(Options{.hub = hub});
  session.Open();
  session.peer.SendText("no JSON at all");
  CHECK(session.peer.ReceiveMessage().payload == "no JSON at all");
}

TEST_CASE("middleware sees the identity and refuses with unauthorized, the hub's before the connection's") {
  Hub hub;
  Journal journal;
  hub.Use([&](Handler& peer, const ws::Message& message) -> std::optional<ws::Failure> {
    journal.Add("hub");
    if (message.Event() == "admin" && peer.Identity() != "root") return ws::Failure{.message = "for root only"};
    return std::nullopt;
  });
  MemorySession session(
      Options{.authorize = [](const ws::HttpRequest&) { return ws::Authorization::Accept("guest"); }, .hub = hub});
  session.socket.Use([&] { journal.Add("own"); });
  session.socket.On("admin", [&] { journal.Add("admin"); });
  session.socket.On("open", [&] { journal.Add("open"); });
  session.Open();
  session.peer.Send("admin", nullptr, 1);
  const Json refused = session.peer.Receive();
  CHECK(refused["id"] == 1);
  CHECK(refused["error"] == Json{{"code", "unauthorized"}, {"message", "for root only"}});
  session.peer.Send("open", nullptr, 2);
  CHECK(session.peer.Receive()["id"] == 2);
  session.peer.Send("admin");
  CHECK(
      session.peer.Receive() ==
      Json{{"event", "error"}, {"data", {{"code", "unauthorized"}, {"message", "for root only"}, {"event", "admin"}}}});
  CHECK(journal.Entries() == std::vector<std::string>{"hub", "hub", "own", "open", "hub"});
}

TEST_CASE("closing a group closes its members and nobody else") {
  Rooms rooms({"a", "a", "b"});
  CHECK(rooms.hub().To("a").Close(4000, "bye") == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    const auto closed = rooms.clients[index].ReceiveClose();
    CHECK(closed.code == 4000);
    CHECK(closed.text == "bye");
  }
  CHECK(rooms.socket(2).IsConnected());
}

TEST_CASE("a callback may close members, leave, and broadcast while others do") {
  Rooms rooms({"a", "a"});
  Hub hub = rooms.hub();
  hub.On("leave", [hub](Handler& peer) {
    peer.Leave("a");
    hub.To("a").Close(4001);
    return "left";
  });
  rooms.clients[0].Send("leave", nullptr, 1);
  CHECK(rooms.clients[0].Receive()["data"] == "left");
  CHECK(rooms.clients[1].ReceiveClose().code == 4001);
  hub.Off("leave");
}
