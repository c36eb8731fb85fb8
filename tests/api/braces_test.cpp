// Data written with braces, at each verb that sends data.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/synchronization.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using ws::Handler;
using ws::Json;
using ws::Message;
using ws::test::Get;
using ws::test::MemorySession;
using ws::test::Recorder;
using ws::test::TestServer;

namespace {

// The data of each call of WS_SEND_EACH, as the text that is sent.
const std::vector<std::string> sent_data = {R"({"a":1,"b":2})",
                                            R"({"a":1})",
                                            R"({"a":"b"})",
                                            R"(["a","b"])",
                                            "[1,2,3]",
                                            "{}",
                                            R"({"a":{},"b":{"c":"d"},"e":["f","g"]})",
                                            R"([{"a":1},{"a":2}])",
                                            R"([["a","b"],1])"};

// A macro, because no function passes braces on. `run` takes the result of each call of `verb`; the rest of the
// arguments follow the data.
#define WS_SEND_EACH(run, verb, ...)      \
  run(verb("x", {                         \
    {"a", 1}, {                           \
      "b", 2                              \
    }                                     \
  } __VA_ARGS__));                        \
  run(verb("x", {                         \
    { "a", 1 }                            \
  } __VA_ARGS__));                        \
  run(verb("x", {                         \
    { "a", "b" }                          \
  } __VA_ARGS__));                        \
  run(verb("x", {"a", "b"} __VA_ARGS__)); \
  run(verb("x", {1, 2, 3} __VA_ARGS__));  \
  run(verb("x", {} __VA_ARGS__));         \
  run(verb("x", {                         \
    {"a", {}}, {"b", {{"c", "d"}}}, {     \
      "e", {                              \
        "f", "g"                          \
      }                                   \
    }                                     \
  } __VA_ARGS__));                        \
  run(verb("x", {                         \
    {{"a", 1}}, {                         \
      { "a", 2 }                          \
    }                                     \
  } __VA_ARGS__));                        \
  run(verb("x", {{"a", "b"}, 1} __VA_ARGS__))

// The data of the next messages, one for each call of WS_SEND_EACH. Of a binary message the text before the NUL.
std::vector<std::string> ReceiveData(ws::test::TestClient& peer) {
  std::vector<std::string> data;
  while (data.size() < sent_data.size()) {
    const std::string payload = peer.ReceiveMessage().payload;
    const Json message = Json::parse(payload.substr(0, payload.find('\0')));
    CHECK(message["event"] == "x");
    data.push_back(message.contains("data") ? message["data"].dump() : "none");
  }
  return data;
}

const auto ignore_reply = [](const auto& reply) { static_cast<void>(reply); };

}  // namespace

TEST_CASE("braces with pairs are an object and other braces an array, at each verb of a Handler") {
  MemorySession session;
  session.Open();
  Handler& socket = session.socket;
  const auto wait = [&](auto work) { session.Spawn(std::move(work)); };
  SECTION("Emit") {
    WS_SEND_EACH(static_cast<void>, socket.Emit);
  }
  SECTION("EmitVolatile") {
    WS_SEND_EACH(static_cast<void>, socket.EmitVolatile);
  }
  SECTION("EmitBinary") {
    WS_SEND_EACH(static_cast<void>, socket.EmitBinary, , "bytes");
  }
  SECTION("EmitAsync") {
    WS_SEND_EACH(wait, socket.EmitAsync);
  }
  SECTION("Request") {
    WS_SEND_EACH(static_cast<void>, socket.Request, , ignore_reply);
  }
  SECTION("RequestAsync") {
    WS_SEND_EACH(wait, socket.RequestAsync);
  }
  SECTION("Broadcast") {
    WS_SEND_EACH(static_cast<void>, socket.Broadcast);
  }
  CHECK(ReceiveData(session.peer) == sent_data);
}

TEST_CASE("braces with pairs are an object and other braces an array, at each verb that sends to many") {
  ws::Hub hub;
  ws::BroadcastGroup group;
  MemorySession session(ws::Options{.hub = hub});
  session.Open();
  CHECK_FALSE(group.Join(session.socket));
  const ws::Target target = hub.Everybody();
  const auto wait = [&](auto work) { asio::co_spawn(session.Context(), std::move(work), asio::detached); };
  SECTION("Target::Emit") {
    WS_SEND_EACH(static_cast<void>, target.Emit);
  }
  SECTION("Target::EmitVolatile") {
    WS_SEND_EACH(static_cast<void>, target.EmitVolatile);
  }
  SECTION("Target::EmitBinary") {
    WS_SEND_EACH(static_cast<void>, target.EmitBinary, , "bytes");
  }
  SECTION("Target::Request") {
    WS_SEND_EACH(static_cast<void>, target.Request, , ignore_reply);
  }
  SECTION("Target::RequestAsync") {
    WS_SEND_EACH(wait, target.RequestAsync);
  }
  SECTION("Hub::Broadcast") {
    WS_SEND_EACH(static_cast<void>, hub.Broadcast);
  }
  SECTION("BroadcastGroup::Broadcast") {
    WS_SEND_EACH(static_cast<void>, group.Broadcast);
  }
  SECTION("BroadcastGroup::BroadcastVolatile") {
    WS_SEND_EACH(static_cast<void>, group.BroadcastVolatile);
  }
  CHECK(ReceiveData(session.peer) == sent_data);
}

TEST_CASE("braces with pairs are an object and other braces an array, at Server::Broadcast") {
  TestServer server([](Handler) {});
  ws::test::TestClient peer = server.Connect();
  peer.Send("ready", nullptr, 1);
  CHECK(peer.Receive()["event"] == "$ack");  // the connection is a member now
  WS_SEND_EACH(static_cast<void>, server->Broadcast);
  CHECK(ReceiveData(peer) == sent_data);
}

TEST_CASE("braces with pairs are an object and other braces an array, at each verb of a Client") {
  Recorder journal;
  TestServer server([](Handler) {});
  server->OnAny([&](auto&, const auto& message) { journal.Add(std::string(message.RawData())); });
  asio::thread_pool threads(1);
  std::promise<void> connected;
  ws::Client client({.url = ws::test::UrlOf(server->Port())});
  client.Once("connect", [&] { connected.set_value(); });
  client.Start();
  Get(connected.get_future());
  const auto wait = [&](auto work) { Get(asio::co_spawn(threads, std::move(work), asio::use_future)); };
  SECTION("Emit") {
    WS_SEND_EACH(static_cast<void>, client.Emit);
  }
  SECTION("EmitVolatile") {
    WS_SEND_EACH(static_cast<void>, client.EmitVolatile);
  }
  SECTION("EmitBinary") {
    WS_SEND_EACH(static_cast<void>, client.EmitBinary, , "bytes");
  }
  SECTION("EmitAsync") {
    WS_SEND_EACH(wait, client.EmitAsync);
  }
  SECTION("Request") {
    WS_SEND_EACH(static_cast<void>, client.Request, , ignore_reply);
  }
  SECTION("RequestAsync") {
    WS_SEND_EACH(wait, client.RequestAsync);
  }
  CHECK(journal.WaitFor(sent_data.size()) == sent_data);
  client.Stop();
}

#undef WS_SEND_EACH

TEST_CASE("an event without data has none, and null is no data") {
  MemorySession session;
  session.Open();
  session.socket.Emit("x");
  session.socket.Emit("x", nullptr);
  session.socket.Emit("x", Json());
  session.socket.Request("x", ignore_reply);
  for (int message = 0; message < 4; ++message) CHECK_FALSE(session.peer.Receive().contains("data"));
}

TEST_CASE("data that is not in braces is converted to Json") {
  MemorySession session;
  session.Open();
  const std::map<std::string, int> map = {{"a", 1}};
  const std::string key = "b";
  const std::string_view view = "c";
  session.socket.Emit("x", map);
  session.socket.Emit("x", "text");
  session.socket.Emit("x", Json{{"a", 1}});
  session.socket.Emit("x", {{key, map}, {view, Json::array()}, {std::string("d"), nullptr}, {"d", 2}});
  CHECK(session.peer.Receive()["data"] == Json(map));
  CHECK(session.peer.Receive()["data"] == "text");
  CHECK(session.peer.Receive()["data"] == Json(map));
  CHECK(session.peer.Receive()["data"].dump() == R"({"b":{"a":1},"c":[],"d":null})");
}
