// The verbs that register callbacks, at each class that has them.
#include "ws/event_callbacks.hpp"

#include <boost/asio/awaitable.hpp>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/rooms.hpp"
#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/synchronization.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Errc;
using ws::Handler;
using ws::Hub;
using ws::Json;
using ws::Options;
using ws::Server;
using ws::test::Get;
using ws::test::MemorySession;
using ws::test::Recorder;
using ws::test::Rooms;
using ws::test::TestServer;

namespace {

struct Position {
  int x = 0, y = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Position, x, y)
};

// Registers generic callbacks, whose bodies use their arguments, by every verb but OnMessage.
template <class Owner>
void RegisterGenericCallbacks(Owner& owner, Recorder& journal) {
  owner.Use([&](auto& socket, const auto& message) -> std::optional<ws::Failure> {
    journal.Add("use " + std::string(message.Event()));
    if (message.Event() == "secret" && socket.IsConnected()) return ws::Unauthorized("members only");
    return std::nullopt;
  });
  owner.On("on", [](auto& socket, const auto& data) {
    socket.Emit("heard", data);
    return data.at("a");
  });
  owner.Once("once", [](auto& socket, const auto& data) { return data.at(0) == 1 && socket.IsConnected(); });
  owner.template OnTyped<Position>("typed", [](auto& socket, const auto& point) {
    socket.Emit("moved", {{"x", point.x}});
    return point.y;
  });
  owner.On("awaited", [](auto socket, auto data) -> boost::asio::awaitable<ws::Result> {
    if (data.is_null()) co_return ws::Failure{"no_data", "nothing to echo"};
    co_await socket.EmitAsync("heard", data);
    co_return data;
  });
  owner.OnAny([&](auto& socket, const auto& message) {
    if (socket.IsConnected()) journal.Add("any " + std::string(message.Event()));
  });
}

// Sends to callbacks of RegisterGenericCallbacks, and checks the answers.
void CheckGenericCallbacks(ws::test::TestClient& peer, const Recorder& journal) {
  peer.Send("on", {{"a", 5}}, 1);
  CHECK(peer.Receive() == Json{{"event", "heard"}, {"data", {{"a", 5}}}});
  CHECK(peer.Receive()["data"] == 5);
  peer.Send("once", Json::array({1}), 2);
  CHECK(peer.Receive()["data"] == true);
  peer.Send("typed", {{"x", 1}, {"y", 2}}, 3);
  CHECK(peer.Receive() == Json{{"event", "moved"}, {"data", {{"x", 1}}}});
  CHECK(peer.Receive()["data"] == 2);
  peer.Send("awaited", 7, 4);
  CHECK(peer.Receive()["data"] == 7);
  CHECK(peer.Receive()["data"] == 7);
  peer.Send("awaited", nullptr, 5);
  CHECK(peer.Receive()["error"] == Json{{"code", "no_data"}, {"message", "nothing to echo"}});
  peer.Send("secret", nullptr, 6);
  CHECK(peer.Receive()["error"] == Json{{"code", "unauthorized"}, {"message", "members only"}});
  CHECK(journal.Entries() == std::vector<std::string>{"use on", "any on", "use once", "any once", "use typed",
                                                      "any typed", "use awaited", "any awaited", "use awaited",
                                                      "any awaited", "use secret"});
}

}  // namespace

TEST_CASE("generic callbacks get their arguments at each verb of a Handler") {
  Recorder journal;
  MemorySession session;
  RegisterGenericCallbacks(session.socket, journal);
  session.Open();
  CheckGenericCallbacks(session.peer, journal);
}

TEST_CASE("generic callbacks get their arguments at each verb of a Hub") {
  Recorder journal;
  Hub hub;
  RegisterGenericCallbacks(hub, journal);
  MemorySession session(Options{.hub = hub});
  session.Open();
  CheckGenericCallbacks(session.peer, journal);
}

TEST_CASE("generic callbacks get their arguments at each verb of a Server") {
  Recorder journal;
  Server server({.port = 0});
  RegisterGenericCallbacks(server, journal);
  server.Route("/ws");
  REQUIRE_FALSE(server.Start());
  ws::test::TestClient peer(ws::test::DialTcp(server.Port()));
  peer.Upgrade();
  CheckGenericCallbacks(peer, journal);
  peer.Close();
}

TEST_CASE("generic callbacks get their arguments at each verb of a Client") {
  Recorder journal, replies;
  Server server({.port = 0});
  server.Route("/ws");
  server.On("heard", [&](const Json& data) { replies.Add("heard " + data.dump()); });
  server.On("connect", [&](Handler& socket) {
    const auto note = [&](const auto& reply) { replies.Add(reply ? reply.data.dump() : reply.ErrorText()); };
    socket.Request("on", {{"a", 5}}, note);
    socket.Request("typed", {{"y", 2}, {"x", 1}}, note);
    socket.Request("secret", note);
  });
  REQUIRE_FALSE(server.Start());
  ws::Client client({.url = ws::test::UrlOf(server.Port())});
  RegisterGenericCallbacks(client, journal);
  client.Start();
  const std::vector<std::string> all = replies.WaitFor(4);
  CHECK(std::set<std::string>(all.begin(), all.end()) ==
        std::set<std::string>{"heard {\"a\":5}", "5", "2", "members only (unauthorized)"});
  client.Stop();
}

TEST_CASE("a generic callback of OnMessage gets the message") {
  MemorySession session;
  session.socket.OnMessage([](auto& socket, const auto& message) { socket.Send(message.Payload(), message.Type()); });
  session.Open();
  session.peer.SendText("no JSON at all");
  CHECK(session.peer.ReceiveMessage().payload == "no JSON at all");
}

TEST_CASE("a generic callback of OnDrain gets the socket, and no data") {
  std::promise<bool> drained;
  MemorySession session(Options{.max_outbound_messages = 8});
  session.socket.OnDrain(
      [&](auto& socket, const auto& data) { drained.set_value(socket.IsConnected() && data.is_null()); });
  session.Open();
  session.BlockWrites(true);
  while (!session.socket.Emit("x")) {
  }
  session.BlockWrites(false);
  CHECK(Get(drained.get_future()));
}

TEST_CASE("a server's callbacks serve all its connections, and its targets are those of its hub") {
  Rooms rooms({"a", "a", "b"});
  Server& server = rooms.Owner();
  server.On("echo", [](const Json& data) { return data; });
  for (int number = 0; number < 3; ++number) {
    auto& client = rooms.clients[static_cast<std::size_t>(number)];
    client.Send("echo", number, 1);
    CHECK(client.Receive()["data"] == number);
  }
  CHECK(server.Hub() == rooms.ServerHub());
  CHECK(server.To("a").Emit("news", 1).queued == 2);
  CHECK(rooms.RecipientsOf(1) == std::set<std::size_t>{0, 1});
  CHECK(server.Except(rooms.Socket(1)).Emit("news", 2).queued == 2);
  CHECK(rooms.RecipientsOf(2) == std::set<std::size_t>{0, 2});
  CHECK(server.Except("a").Emit("news", 3).queued == 1);
  CHECK(rooms.RecipientsOf(3) == std::set<std::size_t>{2});
  CHECK(server.Broadcast("news", 4).queued == 3);
  CHECK(rooms.RecipientsOf(4) == std::set<std::size_t>{0, 1, 2});
  CHECK(server.Everybody().Count() == 3);
  const ws::CallbackId id = server.On("other", [] { return 1; });
  CHECK(id != ws::CallbackId::None);
  server.Off(id);
  server.Off("echo");
  for (const char* event : {"echo", "other"}) {
    rooms.clients[0].Send(event, nullptr, 2);
    CHECK(rooms.clients[0].Receive()["error"]["code"] == "unknown_event");
  }
}

TEST_CASE("a server's Once runs for one message of all connections") {
  Rooms rooms({"", ""});
  Server& server = rooms.Owner();
  server.Once("first", [](Handler& socket) { return socket.Id(); });
  rooms.clients[1].Send("first", nullptr, 1);
  CHECK(rooms.clients[1].Receive()["data"] == rooms.Socket(1).Id());
  for (auto& client : rooms.clients) {
    client.Send("first", nullptr, 2);
    CHECK(client.Receive()["error"]["code"] == "unknown_event");
  }
}

TEST_CASE("a hub's Once runs once in all, and can be removed") {
  Hub hub;
  Recorder journal;
  hub.Once("connect", [&] { journal.Add("connect"); });
  hub.Once("x", [&] { journal.Add("x"); });
  hub.Off(hub.Once("x", [&] { journal.Add("removed"); }));
  for (int connection = 0; connection < 2; ++connection) {
    MemorySession session(Options{.hub = hub});
    session.Open();
    for (int id = 1; id <= 2; ++id) {
      session.peer.Send("x", nullptr, id);
      CHECK(session.peer.Receive()["id"] == id);
    }
  }
  CHECK(journal.Entries() == std::vector<std::string>{"connect", "x"});
}

TEST_CASE("Others is everybody in the hub but this connection") {
  Rooms rooms({"a", "a", "b"});
  Handler socket = rooms.Socket(1);
  CHECK(socket.Others().Emit("news", 1).queued == 2);
  CHECK(rooms.RecipientsOf(1) == std::set<std::size_t>{0, 2});
  CHECK(socket.Others().Except("b").Emit("news", 2).queued == 1);
  CHECK(rooms.RecipientsOf(2) == std::set<std::size_t>{0});
  CHECK(socket.Others().Count() == 2);
  MemorySession session;
  CHECK_THROWS_AS(session.socket.Others(), std::logic_error);
}

TEST_CASE("a request without data is answered, also with a timeout") {
  using namespace std::chrono_literals;
  MemorySession session;
  session.Open();
  Recorder replies;
  const auto note = [&](const auto& reply) { replies.Add(reply ? reply.data.dump() : reply.ErrorText()); };
  session.socket.Request("x", note);
  session.peer.Send("$ack", 1, session.peer.Receive()["id"]);
  replies.WaitFor(1);
  session.socket.Request("x", note, 20ms);
  CHECK(replies.WaitFor(2) == std::vector<std::string>{"1", "the reply did not arrive in time"});
}

TEST_CASE("a target's request without data collects the replies") {
  Rooms rooms({"a", "a"});
  std::promise<std::vector<ws::GroupReply>> promise;
  rooms.Owner().To("a").Request("x", [&](const auto& replies) { promise.set_value(replies); });
  for (auto& client : rooms.clients) client.Send("$ack", 1, client.Receive()["id"]);
  const auto replies = Get(promise.get_future());
  CHECK(replies.size() == 2);
  for (const auto& [member, reply] : replies) CHECK(reply);
}

TEST_CASE("a reply is true on success, and has a text for people if it failed") {
  CHECK(ws::Reply{});
  CHECK(ws::Reply{}.ErrorText().empty());
  const ws::Reply late{.error = Errc::TimedOut};
  CHECK_FALSE(late);
  CHECK(late.ErrorText() == ws::Error(Errc::TimedOut).message());
  const auto remote = [](ws::Failure failure) {
    return ws::Reply{.error = Errc::RemoteError, .failure = std::move(failure)}.ErrorText();
  };
  CHECK(remote({"not_found", "no such room"}) == "no such room (not_found)");
  CHECK(remote({"not_found", ""}) == "not_found");
  CHECK(remote({"", "no such room"}) == "no such room");
  CHECK(remote({}) == "the peer answered with an error");
}
