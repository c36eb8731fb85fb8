// Rows 20 to 23: handlers that throw, block, use their own connection, and outlive it.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <future>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "torture/watchdog.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Errc;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::protocol::Opcode;
using ws::test::TestClient;
using namespace ws::torture;

namespace {

// Asks `count` times, many at once; how many answers were `internal`.
std::size_t AskAndFail(TestClient& peer, const char* event, std::size_t count) {
  constexpr std::size_t at_once = 50;
  std::size_t internal = 0;
  for (std::size_t first = 0; first < count; first += at_once) {
    for (std::size_t id = first; id < first + at_once; ++id) peer.Send(event, nullptr, id);
    for (std::size_t id = first; id < first + at_once; ++id) {
      const Json reply = peer.Receive();
      internal += reply["id"] == id && reply["error"]["code"] == "internal" ? 1 : 0;
    }
  }
  return internal;
}

void AddThrowers(Handler& socket) {
  socket.On("exception", [] { throw std::runtime_error("on purpose"); });
  socket.On("int", [] { throw 7; });
  socket.On("bad_alloc", [] { throw std::bad_alloc(); });
  socket.On("coroutine", [](Handler& peer) -> asio::awaitable<void> {
    const Json data = nullptr;
    co_await peer.EmitAsync("connect", data);
    throw std::runtime_error("on purpose");
  });
}

// All that a handler may do to its own connection; the peer answers `ask`.
void AddReentrant(Handler& socket, std::atomic<int>& open_after_close) {
  socket.On("on", [](Handler& peer) {
    peer.On("late", [] { return "late"; });
    peer.Off("on");
    return "on";
  });
  socket.On("emit", [](Handler& peer) { peer.Emit("emitted"); });
  socket.On("join", [](Handler& peer) {
    peer.Join("g");
    const std::size_t others = peer.To("g").Count();
    peer.Broadcast("emitted");
    peer.Leave("g");
    return others;
  });
  socket.On("drop", [own = std::make_shared<std::optional<Handler>>(socket)] { own->reset(); });
  socket.On("await", [](Handler& peer) -> asio::awaitable<Json> {
    const Json data = 1;
    const ws::Reply reply = co_await peer.RequestAsync("ask", data);
    co_return reply.data;
  });
  socket.On("closed", [](Handler& peer) -> asio::awaitable<Json> {
    const ws::Error error = co_await peer.ClosedAsync();
    co_return error == Errc::WouldDeadlock;
  });
  socket.On("close", [&open_after_close](Handler& peer) {
    peer.Close();
    peer.Close();
    peer.Join("g");  // Closed or not: the transport may have ended
    open_after_close += peer.Emit("late") == Errc::Closed ? 0 : 1;
  });
}

struct Life {
  std::atomic<int> handled = 0, ended = 0;
};

}  // namespace

TEST_CASE("whatever a handler throws, its peer is told `internal` and nothing is kept", "[row20]") {
  const std::size_t count = Pick<std::size_t>(2'000, 100'000);
  Stage stage(AddThrowers);
  TestClient peer = stage.Connect();
  const std::vector<const char*> events = {"exception", "int", "bad_alloc", "coroutine"};
  for (const char* event : events) AskAndFail(peer, event, 1'000);
  const Growth growth;
  for (const char* event : events) {
    Exactly(std::string(event) + ": answered with `internal`", AskAndFail(peer, event, count), count);
  }
  MemoryBelow("memory afterwards", growth.Now(), 1024);
  MemoryBelow("its peak", growth.Peak(), 1024);
  CHECK(peer.Close().code == 1000);
}

TEST_CASE("handlers block every thread of the pool for longer than the heartbeat", "[row21]") {
  Options options;
  options.ping_interval = Pick<std::chrono::milliseconds>(500ms, options.ping_interval);
  options.idle_timeout = Pick<std::chrono::milliseconds>(2s, options.idle_timeout);
  options.stall_timeout = Pick<std::chrono::milliseconds>(3s, options.stall_timeout);
  const auto blocked_for = options.idle_timeout + 5s;
  ws::test::Journal blocked, ends;
  std::promise<void> opener;
  const std::shared_future<void> door = opener.get_future().share();
  Stage stage(
      [&](Handler& socket) {
        socket.On("block", [&blocked, door] {
          blocked.Add("blocked");
          door.wait();
        });
        socket.On("n", [] {});
        socket.OnTyped("disconnect", [&](const ws::CloseReason& end) { ends.Add(std::string(Name(end.reason))); });
      },
      options);
  const std::shared_ptr<void> always(nullptr, [&](void*) { opener = {}; });  // opens: its promise is broken
  auto [flooded, flooder] = stage.Pair("flooder");
  auto [kept, pinger] = stage.Pair("pinger");
  TestClient other = stage.Connect();
  flooder.Send("block");
  pinger.Send("block", nullptr, 1);
  blocked.WaitFor(2);

  const Growth growth;
  std::size_t flood = 0;
  const std::string frame =
      ws::test::MaskedFrame(Opcode::Text, R"({"event":"n","data":")" + std::string(4000, 'x') + "\"}");
  std::thread flooding([&, &peer = flooder] {
    try {
      for (;; ++flood) peer.SendBytes(frame);
    } catch (const std::exception&) {  // the socket takes nothing more
    }
  });
  std::size_t pings = 0, unanswered = 0;
  std::chrono::steady_clock::duration slowest{};
  std::promise<void> never;
  const auto pace = never.get_future();
  const auto start = std::chrono::steady_clock::now();
  for (auto now = start; now < start + blocked_for; now = std::chrono::steady_clock::now()) {
    for (TestClient* peer : {&pinger, &other}) {
      ++pings;
      peer->SendFrame(Opcode::Ping, "are you there");
      unanswered += peer->ReceiveFrame().opcode == Opcode::Pong ? 0 : 1;
    }
    slowest = std::max(slowest, std::chrono::steady_clock::now() - now);
    pace.wait_for(20ms);
  }
  MemoryBelow("peak while one floods", growth.Peak(), 4096);
  flooding.join();
  Tell("pings", pings);
  Tell("slowest answer", std::to_string(slowest / 1us) + " us");
  Exactly("pings without a pong", unanswered, std::size_t{0});
  AtMost("messages of the flood that were read", flooded.Stats().messages_in,
         std::uint64_t{options.max_inbound_messages + 1});
  Exactly("the flooder's close frame", flooder.ReceiveClose().code, std::uint16_t{1013});
  CHECK(kept.IsConnected());
  opener.set_value();
  CHECK(pinger.Receive()["id"] == 1);
  Exactly("the flooder's disconnect", ends.WaitFor(1)[0], std::string("stalled"));
  flooder.Cut();
  CHECK(pinger.Close().code == 1000);
}

TEST_CASE("a handler does what it likes to its own connection", "[row22]") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  const int rounds = Pick(50, 2'000);
  std::atomic<int> open_after_close = 0;
  int right = 0;
  Stage stage([&](Handler& socket) { AddReentrant(socket, open_after_close); }, Options{.callback_thread = thread});
  for (int round = 0; round < rounds; ++round) {
    const Watchdog watchdog("a handler on its own connection", 5s);
    TestClient peer = stage.Connect();
    int good = 0;
    const auto ask = [&](const char* event, const Json& due) {
      peer.Send(event, nullptr, 1);
      Json reply = peer.Receive();
      while (reply["event"] != "$ack") {
        if (reply["event"] == "ask") peer.Send("$ack", 42, reply["id"]);
        reply = peer.Receive();
      }
      good += reply.value("data", Json()) == due ? 1 : 0;
    };
    ask("on", "on");
    ask("late", "late");
    ask("emit", nullptr);
    ask("join", 0);
    ask("drop", nullptr);
    ask("await", 42);
    ask("closed", true);
    peer.Send("close");
    good += peer.ReceiveClose().code == 1000 ? 1 : 0;
    peer.SendClose();
    good += peer.ReceiveEnd().empty() ? 1 : 0;
    right += good == 9 ? 1 : 0;
  }
  stage.WaitUntilEmpty();
  const std::string where = thread == ws::CallbackThread::Io ? " on the I/O thread" : " on the pool";
  Exactly("rounds that went right" + where, right, rounds);
  Exactly("verbs that worked after Close" + where, open_after_close.load(), 0);
}

TEST_CASE("a connection dies while its messages wait: disconnect comes last and once", "[row23]") {
  const int rounds = Pick(300, 20'000);
  std::atomic<int> late = 0, twice = 0, ended = 0, handled = 0;
  Stage stage([&](Handler& socket) {
    const auto life = std::make_shared<Life>();
    const auto handle = [&, life] {
      late += life->ended != 0 ? 1 : 0;
      ++handled;
    };
    socket.On("plain", handle);
    socket.On("coroutine", [&, handle](Handler& peer) -> asio::awaitable<void> {
      handle();
      const Json data = nullptr;
      co_await peer.RequestAsync("never", data);
      handle();
    });
    socket.On("disconnect", [&, life] {
      twice += life->ended++ == 0 ? 0 : 1;
      ++ended;
    });
  });
  std::string frames;
  for (int number = 0; number < 40; ++number) {
    const char* event = number % 16 == 15 ? R"({"event":"coroutine"})" : R"({"event":"plain"})";
    frames += ws::test::MaskedFrame(Opcode::Text, event);
  }
  for (int round = 0; round < rounds; ++round) {
    auto [socket, peer] = stage.Pair("x");
    peer.SendBytes(frames);
    if (round % 4 == 1) socket.Close();
    if (round % 4 == 2) peer.SendClose();
    if (round % 4 == 3) peer.SendBytes("\xFF\xFF");
    peer.Cut();
  }
  stage.WaitUntilEmpty();
  Exactly("disconnect", ended.load(), rounds);
  Exactly("more than once", twice.load(), 0);
  Exactly("handlers that ran behind it", late.load(), 0);
  Tell("handlers that ran", handled.load());
}

TEST_CASE("a server stops while messages wait", "[row23]") {
  const int rounds = Pick(10, 300);
  std::atomic<int> late = 0, connected = 0, ended = 0;
  for (int round = 0; round < rounds; ++round) {
    Stage stage([&](Handler& socket) {
      const auto life = std::make_shared<Life>();
      socket.On("connect", [&] { ++connected; });
      socket.On("n", [&, life] { late += life->ended != 0 ? 1 : 0; });
      socket.On("disconnect", [&, life] {
        ++life->ended;
        ++ended;
      });
    });
    std::vector<TestClient> peers;
    for (int number = 0; number < 4; ++number) peers.push_back(stage.Connect());
    for (TestClient& peer : peers) {
      for (int number = 0; number < 50; ++number) peer.Send("n", number);
    }
    for (TestClient& peer : peers) peer.Cut();
    stage->Stop();
  }
  Exactly("disconnect where there was a connect", ended.load(), connected.load());
  Exactly("handlers that ran behind it", late.load(), 0);
}
