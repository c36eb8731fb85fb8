// Rows 20 to 23: callbacks that throw, block, use their own connection, or run when it has ended.
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

// Sends `count` requests, in batches. Returns the number of replies with the code `internal`.
std::size_t CountInternalReplies(TestClient& peer, const char* event, std::size_t count) {
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

void AddThrowingCallbacks(Handler& socket) {
  socket.On("exception", [] { throw std::runtime_error("on purpose"); });
  socket.On("int", [] { throw 7; });
  socket.On("bad_alloc", [] { throw std::bad_alloc(); });
  socket.On("coroutine", [](Handler& self) -> asio::awaitable<void> {
    const Json data = nullptr;
    co_await self.EmitAsync("connect", data);
    throw std::runtime_error("on purpose");
  });
}

// Adds callbacks that call the verbs of their own connection. The peer replies to the event `ask`.
void AddReentrantCallbacks(Handler& socket, std::atomic<int>& open_after_close) {
  socket.On("on", [](Handler& self) {
    self.On("late", [] { return "late"; });
    self.Off("on");
    return "on";
  });
  socket.On("emit", [](Handler& self) { self.Emit("emitted"); });
  socket.On("join", [](Handler& self) {
    self.Join("g");
    const std::size_t others = self.To("g").Count();
    self.Broadcast("emitted");
    self.Leave("g");
    return others;
  });
  socket.On("drop", [own = std::make_shared<std::optional<Handler>>(socket)] { own->reset(); });
  socket.On("await", [](Handler& self) -> asio::awaitable<Json> {
    const Json data = 1;
    const ws::Reply reply = co_await self.RequestAsync("ask", data);
    co_return reply.data;
  });
  socket.On("closed", [](Handler& self) -> asio::awaitable<Json> {
    const ws::Error error = co_await self.ClosedAsync();
    co_return error == Errc::WouldDeadlock;
  });
  socket.On("close", [&open_after_close](Handler& self) {
    self.Close();
    self.Close();
    self.Join("g");  // may fail with Closed, if the transport has already ended
    open_after_close += self.Emit("late") == Errc::Closed ? 0 : 1;
  });
}

// Counts of one connection.
struct ConnectionCounts {
  std::atomic<int> handled = 0, ended = 0;
};

}  // namespace

TEST_CASE("A callback that throws is answered with internal and leaks no memory", "[row20]") {
  const std::size_t count = Pick<std::size_t>(2'000, 100'000);
  Stage stage(AddThrowingCallbacks);
  TestClient peer = stage.Connect();
  const std::vector<const char*> events = {"exception", "int", "bad_alloc", "coroutine"};
  for (const char* event : events) CountInternalReplies(peer, event, 1'000);
  const Growth growth;
  for (const char* event : events) {
    Exactly(std::string(event) + ": replies with `internal`", CountInternalReplies(peer, event, count), count);
  }
  MemoryBelow("memory growth", growth.Now(), 1024);
  MemoryBelow("peak memory growth", growth.Peak(), 1024);
  CHECK(peer.Close().code == 1000);
}

TEST_CASE("Heartbeats are answered while callbacks block every thread of the pool", "[row21]") {
  Options options;
  options.ping_interval = Pick<std::chrono::milliseconds>(500ms, options.ping_interval);
  options.idle_timeout = Pick<std::chrono::milliseconds>(2s, options.idle_timeout);
  options.stall_timeout = Pick<std::chrono::milliseconds>(3s, options.stall_timeout);
  const auto blocked_for = options.idle_timeout + 5s;
  ws::test::Recorder blocked, ends;
  std::promise<void> opener;
  const std::shared_future<void> door = opener.get_future().share();
  Stage stage(
      [&](Handler& socket) {
        socket.On("block", [&blocked, door] {
          blocked.Add("blocked");
          door.wait();
        });
        socket.On("n", [] {});
        socket.OnTyped("disconnect", [&](const ws::CloseReason& end) { ends.Add(std::string(ToString(end.reason))); });
      },
      options);
  const std::shared_ptr<void> on_exit(nullptr, [&](void*) { opener = {}; });  // ends the wait: the promise is broken
  auto [flooded, flooder] = stage.Pair("flooder");
  auto [pinging, pinger] = stage.Pair("pinger");
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
    } catch (const std::exception&) {  // the socket accepts no more data
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
  MemoryBelow("peak memory growth during the flood", growth.Peak(), 4096);
  flooding.join();
  Tell("pings", pings);
  Tell("slowest pong", std::to_string(slowest / 1us) + " us");
  Exactly("pings without a pong", unanswered, std::size_t{0});
  AtMost("messages read from the flooder", flooded.Stats().messages_in,
         std::uint64_t{options.max_inbound_messages + 1});
  Exactly("close code for the flooder", flooder.ReceiveClose().code, std::uint16_t{1013});
  CHECK(pinging.IsConnected());
  opener.set_value();
  CHECK(pinger.Receive()["id"] == 1);
  Exactly("disconnect reason of the flooder", ends.WaitFor(1)[0], std::string("stalled"));
  flooder.DropConnection();
  CHECK(pinger.Close().code == 1000);
}

TEST_CASE("A callback may call every verb on its own connection", "[row22]") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  const int rounds = Pick(50, 2'000);
  std::atomic<int> open_after_close = 0;
  int correct_rounds = 0;
  Stage stage([&](Handler& socket) { AddReentrantCallbacks(socket, open_after_close); },
              Options{.callback_thread = thread});
  for (int round = 0; round < rounds; ++round) {
    const Watchdog watchdog("a callback that uses its own connection", 5s);
    TestClient peer = stage.Connect();
    int correct = 0;
    const auto ask = [&](const char* event, const Json& expected) {
      peer.Send(event, nullptr, 1);
      Json reply = peer.Receive();
      while (reply["event"] != "$ack") {
        if (reply["event"] == "ask") peer.Send("$ack", 42, reply["id"]);
        reply = peer.Receive();
      }
      correct += reply.value("data", Json()) == expected ? 1 : 0;
    };
    ask("on", "on");
    ask("late", "late");
    ask("emit", nullptr);
    ask("join", 0);
    ask("drop", nullptr);
    ask("await", 42);
    ask("closed", true);
    peer.Send("close");
    correct += peer.ReceiveClose().code == 1000 ? 1 : 0;
    peer.SendClose();
    correct += peer.ReceiveUntilEof().empty() ? 1 : 0;
    correct_rounds += correct == 9 ? 1 : 0;
  }
  stage.WaitUntilEmpty();
  const std::string suffix = thread == ws::CallbackThread::Io ? " on the I/O thread" : " on the pool";
  Exactly("correct rounds" + suffix, correct_rounds, rounds);
  Exactly("verbs that succeeded after Close" + suffix, open_after_close.load(), 0);
}

TEST_CASE("If a connection ends while messages wait, disconnect is last and runs once", "[row23]") {
  const int rounds = Pick(300, 20'000);
  std::atomic<int> late = 0, repeated = 0, ended = 0, handled = 0;
  Stage stage([&](Handler& socket) {
    const auto counts = std::make_shared<ConnectionCounts>();
    const auto handle = [&, counts] {
      late += counts->ended != 0 ? 1 : 0;
      ++handled;
    };
    socket.On("plain", handle);
    socket.On("coroutine", [&, handle](Handler& self) -> asio::awaitable<void> {
      handle();
      const Json data = nullptr;
      co_await self.RequestAsync("never", data);
      handle();
    });
    socket.On("disconnect", [&, counts] {
      repeated += counts->ended++ == 0 ? 0 : 1;
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
    peer.DropConnection();
  }
  stage.WaitUntilEmpty();
  Exactly("disconnect callbacks", ended.load(), rounds);
  Exactly("repeated disconnect callbacks", repeated.load(), 0);
  Exactly("callbacks after disconnect", late.load(), 0);
  Tell("callbacks that ran", handled.load());
}

TEST_CASE("If a server stops while messages wait, disconnect is last and runs once", "[row23]") {
  const int rounds = Pick(10, 300);
  std::atomic<int> late = 0, connected = 0, ended = 0;
  for (int round = 0; round < rounds; ++round) {
    Stage stage([&](Handler& socket) {
      const auto counts = std::make_shared<ConnectionCounts>();
      socket.On("connect", [&] { ++connected; });
      socket.On("n", [&, counts] { late += counts->ended != 0 ? 1 : 0; });
      socket.On("disconnect", [&, counts] {
        ++counts->ended;
        ++ended;
      });
    });
    std::vector<TestClient> peers;
    for (int number = 0; number < 4; ++number) peers.push_back(stage.Connect());
    for (TestClient& peer : peers) {
      for (int number = 0; number < 50; ++number) peer.Send("n", number);
    }
    for (TestClient& peer : peers) peer.DropConnection();
    stage->Stop();
  }
  Exactly("disconnect callbacks, one for each connect", ended.load(), connected.load());
  Exactly("callbacks after disconnect", late.load(), 0);
}
