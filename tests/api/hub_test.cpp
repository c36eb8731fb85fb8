// Hubs: everybody, named groups, and callbacks that all members share.
#include "ws/hub.hpp"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::BroadcastResult;
using ws::Errc;
using ws::Handler;
using ws::Hub;
using ws::Json;
using ws::Options;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;
using ws::test::TestClient;
using ws::test::TestServer;

namespace {

void Check(const BroadcastResult& result, std::size_t queued, std::size_t dropped = 0, std::size_t closed = 0) {
  CHECK_FALSE(result.error);
  CHECK(result.queued == queued);
  CHECK(result.dropped == dropped);
  CHECK(result.closed == closed);
}

// A server whose connections join the rooms that their path's query names, and clients in them.
class Rooms {
 public:
  explicit Rooms(const std::vector<std::string>& queries)
      : server_([this](Handler socket) {
          for (const char letter : socket.Handshake().Query()) CHECK_FALSE(socket.Join(std::string(1, letter)));
          socket.On("connect", [this] { opened_.Add("one"); });
          const std::lock_guard lock(mutex_);
          sockets_.push_back(socket);
        }) {
    for (const std::string& query : queries) {
      clients.push_back(server_.Connect("/ws?" + query));
      opened_.WaitFor(clients.size());
    }
  }

  Hub hub() { return server_->Hub(); }
  Handler socket(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return sockets_.at(index);
  }
  // Which clients have this as the next message they get.
  std::set<std::size_t> WhoGets(const Json& data) {
    std::set<std::size_t> who;
    hub().Broadcast("end");
    for (std::size_t index = 0; index < clients.size(); ++index) {
      const Json message = clients[index].Receive();
      if (message["event"] == "end") continue;
      CHECK(message == Json{{"event", "news"}, {"data", data}});
      CHECK(clients[index].Receive()["event"] == "end");
      who.insert(index);
    }
    return who;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Handler> sockets_;
  Journal opened_;
  TestServer server_;

 public:
  std::vector<TestClient> clients;  // hang up before the server ends, which would wait for them
};

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
  hub.OnMessage([](Handler& peer, const ws::Message& message) { peer.Send(message.Text(), message.MessageKind()); });
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

TEST_CASE("a request to a group collects every reply until the deadline") {
  Rooms rooms({"a", "a", "a"});
  const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
  rooms.hub().To("a").Request(
      "who", nullptr, [promise](std::vector<ws::GroupReply> replies) { promise->set_value(std::move(replies)); },
      300ms);
  for (std::size_t index = 0; index < 2; ++index) {
    const Json question = rooms.clients[index].Receive();
    CHECK(question["event"] == "who");
    rooms.clients[index].Send("$ack", index, question["id"]);
  }
  std::size_t answered = 0;
  const auto replies = Get(promise->get_future());
  CHECK(replies.size() == 3);
  for (const auto& [member, reply] : replies) {
    if (member == rooms.socket(2)) {
      CHECK(reply.error == Errc::TimedOut);
    } else {
      CHECK(reply.data == (member == rooms.socket(0) ? 0 : 1));
      ++answered;
    }
  }
  CHECK(answered == 2);
}

TEST_CASE("a request to nobody has no replies, one that is no event has errors") {
  Rooms rooms({"a"});
  for (const std::string group : {"none", "a"}) {
    const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
    rooms.hub().To(group).Request(
        "$x", nullptr, [promise](std::vector<ws::GroupReply> replies) { promise->set_value(std::move(replies)); });
    const auto replies = Get(promise->get_future());
    CHECK(replies.size() == (group == "a" ? 1 : 0));
    for (const auto& one : replies) CHECK(one.reply.error == Errc::InvalidEvent);
  }
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

TEST_CASE("a request of many that is answered at once may be awaited on many threads") {
  Hub hub;
  Handler member({.hub = hub});
  member.Join("g");
  boost::asio::thread_pool pool(4);
  std::atomic<int> answered = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    boost::asio::co_spawn(pool, hub.To("g").RequestAsync("connect"),
                          [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                            if (replies.at(0).reply.error == Errc::InvalidEvent) ++answered;
                          });
  }
  pool.join();
  CHECK(answered == rounds);
}

TEST_CASE("a request of many that is cancelled is open no more") {
  Rooms rooms({"a"});
  rooms.socket(0);
  boost::asio::io_context context(1);
  for (int round = 0; round < 1100; ++round) {  // more than may be open
    boost::asio::cancellation_signal signal;
    bool cancelled = false;
    boost::asio::co_spawn(context, rooms.hub().Everybody().RequestAsync("never"),
                          boost::asio::bind_cancellation_slot(
                              signal.slot(), [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                                cancelled = replies.at(0).reply.error == Errc::Cancelled;
                              }));
    boost::asio::post(context, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
    context.restart();
    context.run();
    CHECK(cancelled);
    rooms.socket(0).Emit("next");
    while (rooms.clients[0].Receive()["event"] != "next") continue;  // it may have left before it was cancelled
  }
}

TEST_CASE("a group request's callback that throws harms nobody, though nobody was asked") {
  std::promise<void> called;
  Hub().To("nobody").Request("x", nullptr, [&](const std::vector<ws::GroupReply>&) {
    called.set_value();
    throw std::runtime_error("mine");
  });
  Get(called.get_future());
}
