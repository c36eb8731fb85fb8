// Hubs: broadcasts to all members and to groups, and callbacks that all members share.
#include "ws/hub.hpp"

#include <future>
#include <set>
#include <string>
#include <vector>

#include "api/rooms.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::BroadcastResult;
using ws::Hub;
using ws::test::Rooms;

namespace {

void Check(const BroadcastResult& result, std::size_t queued, std::size_t dropped = 0, std::size_t closed = 0) {
  CHECK_FALSE(result.error);
  CHECK(result.queued == queued);
  CHECK(result.dropped == dropped);
  CHECK(result.closed == closed);
}

}  // namespace

TEST_CASE("a hub sends to all members, to groups, and not to exceptions, and each member receives a message once") {
  Rooms rooms({"a", "ab", "b", "c"});
  const Hub hub = rooms.ServerHub();
  CHECK(hub.Size() == 4);
  CHECK(hub.Groups() == std::vector<std::string>{"a", "b", "c"});
  Check(hub.Broadcast("news", 1), 4);
  CHECK(rooms.RecipientsOf(1) == std::set<std::size_t>{0, 1, 2, 3});
  Check(hub.To("a").To("b").Emit("news", 2), 3);
  CHECK(rooms.RecipientsOf(2) == std::set<std::size_t>{0, 1, 2});
  Check(hub.To("a").To("b").Except(rooms.Socket(1)).Emit("news", 3), 2);
  CHECK(rooms.RecipientsOf(3) == std::set<std::size_t>{0, 2});
  Check(hub.Except("a").Emit("news", 4), 2);
  CHECK(rooms.RecipientsOf(4) == std::set<std::size_t>{2, 3});
  Check(hub.To("none").Emit("news", 5), 0);
  CHECK(rooms.RecipientsOf(5).empty());
  CHECK(hub.To("a").Emit("$x").error == Errc::InvalidEvent);
  CHECK(hub.To("a").Count() == 2);
  CHECK(hub.To("a").Members() == std::vector<Handler>{rooms.Socket(0), rooms.Socket(1)});
}

TEST_CASE(
    "a socket joins and leaves a group, sends to the others of a group, and broadcasts to all members of the hub") {
  Rooms rooms({"a", "a", ""});
  Handler socket = rooms.Socket(0);
  Check(socket.To("a").Emit("news", 1), 1);
  CHECK(rooms.RecipientsOf(1) == std::set<std::size_t>{1});
  Check(socket.Broadcast("news", 2), 3);
  CHECK(rooms.RecipientsOf(2) == std::set<std::size_t>{0, 1, 2});
  CHECK_FALSE(rooms.Socket(2).Join("a"));
  rooms.Socket(1).Leave("a");
  Check(socket.To("a").EmitVolatile("news", 3), 1);
  CHECK(rooms.RecipientsOf(3) == std::set<std::size_t>{2});
}

TEST_CASE("without a hub a broadcast goes to the socket itself, and groups throw logic_error") {
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
  session.peer.DropConnection();
  CHECK(Get(members.get_future()) == 0);
  CHECK(session.socket.Join("a") == Errc::Closed);
}

TEST_CASE("a hub's callbacks run for the events of every member, and a connection's own callbacks replace them") {
  Recorder recorder;
  Hub hub;
  hub.On("connect", [&] { recorder.Add("hub connect"); });
  hub.On("disconnect", [&] { recorder.Add("hub disconnect"); });
  hub.On("shared", [](const Json& data) { return Json{{"hub", data}}; });
  hub.OnTyped("sum", [](const std::vector<int>& numbers) { return numbers.at(0) + numbers.at(1); });
  hub.OnAny([&](Handler&, const Message& message) { recorder.Add("hub any " + std::string(message.Event())); });
  for (const bool own : {false, true}) {
    MemorySession session(Options{.hub = hub});
    session.socket.On("connect", [&] { recorder.Add("own connect"); });
    session.socket.On("disconnect", [&] { recorder.Add("own disconnect"); });
    if (own) session.socket.On("shared", [] { return "own"; });
    session.Open();
    session.peer.Send("shared", 1, 1);
    CHECK(session.peer.Receive()["data"] == (own ? Json("own") : Json{{"hub", 1}}));
    session.peer.Send("sum", {1, 2}, 2);
    CHECK(session.peer.Receive()["data"] == 3);
    session.peer.Close();
    CHECK(Get(session.Spawn(session.socket.ClosedAsync())) == Error());
  }
  const std::vector<std::string> once = {"hub connect", "own connect",    "hub any shared",
                                         "hub any sum", "own disconnect", "hub disconnect"};
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(recorder.Entries() == twice);
}

TEST_CASE("a hub's OnMessage receives the messages of connections that have no OnMessage of their own") {
  Hub hub;
  hub.OnMessage([](Handler& socket, const Message& message) { socket.Send(message.Payload(), message.Type()); });
  MemorySession session(Options{.hub = hub});
  session.Open();
  session.peer.SendText("no JSON at all");
  CHECK(session.peer.ReceiveMessage().payload == "no JSON at all");
}

TEST_CASE(
    "middleware can refuse a message by its identity with unauthorized, and the hub's runs before the connection's") {
  Hub hub;
  Recorder recorder;
  hub.Use([&](Handler& socket, const Message& message) -> std::optional<ws::Failure> {
    recorder.Add("hub");
    if (message.Event() == "admin" && socket.Identity() != "root") return ws::Failure{.message = "for root only"};
    return std::nullopt;
  });
  MemorySession session(
      Options{.authorize = [](const HttpRequest&) { return ws::Authorization::Accept("guest"); }, .hub = hub});
  session.socket.Use([&] { recorder.Add("own"); });
  session.socket.On("admin", [&] { recorder.Add("admin"); });
  session.socket.On("open", [&] { recorder.Add("open"); });
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
  CHECK(recorder.Entries() == std::vector<std::string>{"hub", "hub", "own", "open", "hub"});
}

TEST_CASE("closing a group closes its members and no other connection") {
  Rooms rooms({"a", "a", "b"});
  CHECK(rooms.ServerHub().To("a").Close(4000, "bye") == 2);
  for (std::size_t index = 0; index < 2; ++index) {
    const auto closed = rooms.clients[index].ReceiveClose();
    CHECK(closed.code == 4000);
    CHECK(closed.text == "bye");
  }
  CHECK(rooms.Socket(2).IsConnected());
}

TEST_CASE("a callback may leave a group and close the other members") {
  Rooms rooms({"a", "a"});
  Hub hub = rooms.ServerHub();
  hub.On("leave", [hub](Handler& socket) {
    socket.Leave("a");
    hub.To("a").Close(4001);
    return "left";
  });
  rooms.clients[0].Send("leave", nullptr, 1);
  CHECK(rooms.clients[0].Receive()["data"] == "left");
  CHECK(rooms.clients[1].ReceiveClose().code == 4001);
  hub.Off("leave");
}
