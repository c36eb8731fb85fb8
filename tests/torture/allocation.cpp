// A large allocation that a peer causes fails: its connection ends with 1011, and no other connection does.
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/prelude.hpp"
#include "torture/failing_new.hpp"
#include "torture/stage.hpp"
#include "ws/ws.hpp"

namespace {

using namespace ws::torture;
using namespace ws::test;
using ws::Handler;
using ws::Json;
using ws::Options;

// Two connections of one server. The first one will lack memory.
struct TwoConnections {
  explicit TwoConnections(std::function<void(Handler&)> add_callbacks, Options options = {})
      : stage(std::move(add_callbacks), std::move(options)), victim(stage.Connect()), other(stage.Connect()) {
    ExemptThisThread();
  }

  // The first connection must end with 1011. The other one must still work.
  void CheckThatOnlyTheVictimEnds() {
    CHECK(victim.ReceiveClose().code == 1011);
    CHECK(HasFailed());
    other.Send("echo", "still here", 1);
    CHECK(other.Receive()["data"] == "still here");
    CHECK(other.Close().code == 1000);
    victim.DropConnection();
    stage.WaitUntilEmpty();
  }

  Stage stage;
  TestClient victim, other;
};

void AddEcho(Handler& socket) {
  socket.On("echo", [](const Json& data) { return data; });
}

}  // namespace

TEST_CASE("a connection ends if there is no memory for a message", "[allocation]") {
  TwoConnections two(AddEcho);
  FailNextAllocation(400'000);
  two.victim.Send("echo", std::string(500'000, 'x'), 1);
  two.CheckThatOnlyTheVictimEnds();
}

TEST_CASE("a connection ends if there is no memory for the JSON tree of a message", "[allocation]") {
  bool called = false;
  TwoConnections two([&called](Handler& socket) {
    AddEcho(socket);
    socket.On("list", [&called](const Json&) { called = true; });
  });
  FailNextAllocation(500'000);  // the message itself takes less
  two.victim.Send("list", Json::array_t(100'000, Json(0)), 1);
  two.CheckThatOnlyTheVictimEnds();
  CHECK_FALSE(called);
}

TEST_CASE("a connection ends if there is no memory for a reply", "[allocation]") {
  TwoConnections two([](Handler& socket) {
    AddEcho(socket);
    socket.On("repeat", [](const Json& data) { return Json::array({data, data, data}); });
  });
  FailNextAllocation(700'000);  // only the serialised reply is so large
  two.victim.Send("repeat", std::string(300'000, 'x'), 1);
  two.CheckThatOnlyTheVictimEnds();
}

TEST_CASE("a request fails, and its connection ends, if there is no memory for the peer's reply", "[allocation]") {
  std::promise<ws::Reply> reply;
  TwoConnections two([&reply](Handler& socket) {
    AddEcho(socket);
    socket.On("ask me", [&reply](Handler& self) -> boost::asio::awaitable<void> {
      reply.set_value(co_await self.RequestAsync("question"));
    });
  });
  two.victim.Send("ask me");
  const Json question = two.victim.Receive();
  FailNextAllocation(500'000);
  two.victim.SendText(
      Json{{"event", "$ack"}, {"id", question["id"]}, {"data", Json::array_t(100'000, Json(0))}}.dump());
  CHECK(Get(reply.get_future()).error == boost::system::errc::not_enough_memory);
  two.CheckThatOnlyTheVictimEnds();
}
