// The n-th `operator new` of a server in a connection's life fails, for every n: the server lives, whoever waits is
// told or closed, `disconnect` comes where `connect` came, and the next connection works.
#include <atomic>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "torture/failing_new.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "torture/watchdog.hpp"
#include "ws/ws.hpp"

namespace {

using namespace std::chrono_literals;
using namespace ws::torture;
using ws::Handler;
using ws::Json;
using ws::test::TestClient;

// Opens, asks, is sent to, and closes. Whether all of that was right; throws where the connection broke.
bool Live(const Stage& stage) {
  TestClient peer = stage.Connect();
  const Json data = std::string(200, 'x');  // has no members: see README.md
  peer.Send("work", data, 1);
  std::set<std::string> heard;
  for (Json message; heard.count("done") == 0;) {
    message = peer.Receive();
    const std::string event = message["event"];
    if (event == "error") return false;
    if (event == "asked") peer.Send("$ack", data, message["id"].get<int>());
    if (event != "$ack" || message.value("data", Json()) == data) heard.insert(event);
    if (event == "$ack") peer.Send("go on");
  }
  return peer.Close().code == 1000 && heard == std::set<std::string>{"$ack", "asked", "done", "emitted", "news"};
}

std::atomic<long> connects = 0, disconnects = 0;

void AddCallbacks(Handler& socket) {
  socket.On("connect", [](Handler& peer) {
    ++connects;
    peer.Join("group");
  });
  socket.On("work", [](Handler& peer, const Json& data) {
    peer.Emit("emitted", data);
    peer.Broadcast("news", data);
    return data;
  });
  socket.On("go on", [](Handler peer) -> boost::asio::awaitable<void> {
    const ws::Reply reply = co_await peer.RequestAsync("asked", "?");
    if (!reply.error && !co_await peer.EmitAsync("done", reply.data)) co_return;
    throw std::runtime_error("no reply");
  });
  socket.On("disconnect", [](Handler& peer) {
    ++disconnects;
    peer.Leave("group");
  });
}

}  // namespace

TEST_CASE("each allocation of a connection's life may fail", "[allocation]") {
  SpareThisThread();
  ws::Options options;
  options.log = [](const ws::LogRecord&) {};
  // What is lost without a word is ended by a clock.
  options.handshake_timeout = options.close_timeout = 500ms;
  options.ping_interval = 300ms;
  options.idle_timeout = options.request_timeout = 1s;
  Stage stage(AddCallbacks, options);
  REQUIRE(Live(stage));
  stage.WaitUntilEmpty();
  long next = 1, whole = 0, broken = 0;
  for (bool reached = true; reached; ++next) {
    const Watchdog watchdog("allocation " + std::to_string(next), 20s);
    if (std::getenv("TORTURE_TRACE") != nullptr) Tell("allocation", next);
    INFO("allocation " << next);
    FailAllocation(next);
    try {
      Live(stage) ? ++whole : ++broken;
      stage.WaitUntilEmpty();
    } catch (const std::exception&) {
      ++broken;
    }
    reached = HasFailed();
    stage.WaitUntilEmpty();
    REQUIRE(Live(stage));
    stage.WaitUntilEmpty();
    CHECK(connects == disconnects);
  }
  Tell("allocations that were let fail", next - 2);
  Tell("lives that went on", whole - 1);
  Tell("lives that broke", broken);
}
