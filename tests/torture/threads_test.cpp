// Rows 17 to 19: many threads on the same connections. Threads count what is wrong; the test judges it.
#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::test::TestClient;
using namespace ws::torture;

namespace {

std::string TextOf(std::size_t thread, std::size_t number) {
  return std::string(number % 61, static_cast<char>('a' + thread));
}

asio::awaitable<void> EmitAll(Handler socket, std::size_t thread, std::size_t count, std::atomic<int>& failed) {
  for (std::size_t number = 0; number < count; ++number) {
    const Json data = Json::array({thread, number, TextOf(thread, number)});
    const Error error = co_await socket.EmitAsync("n", data);
    if (error) ++failed;
  }
}

// A connection, and what its groups should be.
struct Member {
  Handler socket;
  TestClient peer;
  std::array<bool, 4> in{};
};

constexpr std::array groups = {"a", "b", "c", "d"};

class Changer {
 public:
  Changer(Stage& stage, unsigned number) : stage_(stage), number_(number), random_(number) {
    while (members.size() < 8) members.push_back(Enter());
  }

  void Step() {
    Member& member = members[random_() % members.size()];
    const std::size_t group = random_() % groups.size();
    const unsigned what = random_() % 16;
    if (what == 0) {
      if (random_() % 2 == 0) member.socket.Close();
      member = Enter();
    } else if (what == 1) {
      Cull(member);
    } else if (what < 9) {
      wrong += member.socket.Join(groups[group]) ? 1 : 0;
      member.in[group] = true;
    } else if (what < 13) {
      member.socket.Leave(groups[group]);
      member.in[group] = false;
    } else {
      const ws::BroadcastResult result = stage_->Hub().To(groups[group]).Emit("n", what);
      wrong += result.error ? 1 : 0;
    }
  }

  std::vector<Member> members;
  std::size_t wrong = 0;

 private:
  Member Enter() {
    auto [socket, peer] = stage_.Pair(std::to_string(number_) + "." + std::to_string(++entered_));
    return {std::move(socket), std::move(peer)};
  }
  // Has a callback close another connection, which other callbacks may be closing too.
  void Cull(Member& culler) {
    Member victim = Enter();
    wrong += victim.socket.Join("victims") ? 1 : 0;
    culler.peer.Send("cull");
    wrong += victim.peer.ReceiveClose().code == 4000 ? 0 : 1;
  }

  Stage& stage_;
  const unsigned number_;
  std::mt19937 random_;
  std::size_t entered_ = 0;
};

}  // namespace

TEST_CASE("sixteen threads emit to one connection: each one's order is kept, nothing lost or torn", "[row17]") {
  constexpr std::size_t threads = 16;
  const std::size_t each = Pick<std::size_t>(1'000, 62'500);
  Stage stage;
  auto pair = stage.Pair("one");
  std::atomic<int> failed = 0;
  std::vector<std::thread> running;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    running.emplace_back([socket = pair.first, thread, each, &failed] {
      asio::io_context context(1);
      asio::co_spawn(context, EmitAll(socket, thread, each, failed), asio::detached);
      context.run();
    });
  }
  std::array<std::size_t, threads> next{};
  std::size_t disordered = 0, torn = 0;
  for (std::size_t got = 0; got < threads * each; ++got) {
    const Json data = pair.second.Receive()["data"];
    const std::size_t thread = data[0], number = data[1];
    disordered += next.at(thread)++ == number ? 0 : 1;
    torn += data[2] == TextOf(thread, number) ? 0 : 1;
  }
  for (std::thread& thread : running) thread.join();
  Exactly("messages", threads * each, Pick<std::size_t>(16'000, 1'000'000));
  Exactly("emits that failed", failed.load(), 0);
  Exactly("out of their thread's order, or lost", disordered, std::size_t{0});
  Exactly("torn", torn, std::size_t{0});
  CHECK(pair.second.Close().code == 1000);
}

TEST_CASE("Emit, Close and the last handle's end at the same moment", "[row18]") {
  const int rounds = Pick(1'000, 100'000);
  std::atomic<int> ended = 0, late = 0, strange = 0;
  Stage stage([&](Handler& socket) { socket.On("disconnect", [&] { ++ended; }); });
  stage.Connect().Close();
  stage.WaitUntilEmpty();
  const auto descriptors = ws::test::OpenDescriptors();
  std::array<std::optional<Handler>, 3> handles;
  std::atomic<bool> over = false;
  std::barrier<> line(4);
  const auto work = [&](std::size_t own, auto act) {
    return std::thread([&, own, act] {
      for (line.arrive_and_wait(); !over; line.arrive_and_wait()) {
        act(*handles[own]);
        handles[own].reset();
        line.arrive_and_wait();
      }
    });
  };
  std::array threads = {work(0,
                             [&](Handler& socket) {
                               Error error;
                               while (!error || error == Errc::QueueFull) error = socket.Emit("n", 1);
                               strange += error == Errc::Closed ? 0 : 1;
                             }),
                        work(1,
                             [&](Handler& socket) {
                               socket.Close();
                               late += socket.Emit("late") == Errc::Closed ? 0 : 1;
                             }),
                        work(2, [](Handler& socket) { static_cast<void>(Handler(socket).IsConnected()); })};
  int closed = 0;
  for (int round = 0; round < rounds; ++round) {
    auto [socket, peer] = stage.Pair("x");
    handles = {socket, socket, std::move(socket)};
    line.arrive_and_wait();
    line.arrive_and_wait();
    closed += peer.ReceiveClose().code == 1000 ? 1 : 0;
    peer.SendClose();
    peer.Cut();
  }
  over = true;
  line.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  stage.WaitUntilEmpty();
  Exactly("rounds that ended in a whole close frame", closed, rounds);
  Exactly("disconnect", ended.load(), rounds + 1);
  Exactly("emits after close that did not fail", late.load(), 0);
  Exactly("other errors of Emit", strange.load(), 0);
  Exactly("descriptors left", ws::test::OpenDescriptors() - descriptors, std::ptrdiff_t{0});
}

TEST_CASE("join, leave, close and broadcast at random: membership equals the model", "[row19]") {
  constexpr unsigned threads = 8;
  const int steps = Pick(300, 20'000);
  Options options;
  options.idle_timeout = options.write_timeout = std::chrono::milliseconds(0);  // nobody reads
  Stage stage({}, options);
  const ws::Hub hub = stage->Hub();
  stage->Hub().On("cull", [](Handler& peer) { peer.To("victims").Close(4000); });
  std::vector<std::unique_ptr<Changer>> changers;
  for (unsigned thread = 0; thread < threads; ++thread) {
    changers.push_back(std::make_unique<Changer>(stage, thread + 1));
  }
  std::vector<std::future<void>> running;
  for (const auto& changer : changers) {
    running.push_back(std::async(std::launch::async, [&changer, steps] {
      for (int step = 0; step < steps; ++step) changer->Step();
    }));
  }
  for (auto& one : running) one.get();
  WaitUntil([&] { return stage->Connections() <= threads * 8; });
  Exactly("members in the end", hub.Size(), std::size_t{threads * 8});
  std::size_t wrong = 0, different = 0;
  for (const auto& changer : changers) wrong += changer->wrong;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    std::vector<std::uint64_t> due, found;
    for (const auto& changer : changers) {
      for (const Member& member : changer->members) {
        if (member.in[group]) due.push_back(member.socket.Id());
      }
    }
    for (const Handler& member : hub.To(groups[group]).Members()) found.push_back(member.Id());
    std::sort(due.begin(), due.end());
    different += found == due ? 0 : 1;
  }
  Tell("steps", threads * static_cast<unsigned>(steps));
  Exactly("groups that differ from the model", different, std::size_t{0});
  Exactly("verbs that answered wrongly", wrong, std::size_t{0});
  Exactly("victims left", hub.To("victims").Count(), std::size_t{0});
}
