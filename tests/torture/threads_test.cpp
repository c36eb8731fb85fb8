// Rows 17 to 19: many threads use the same connections. The threads count errors, and the test checks the counts.
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

// A connection and the groups that it should be in.
struct Member {
  Handler socket;
  TestClient peer;
  std::array<bool, 4> in{};
};

constexpr std::array groups = {"a", "b", "c", "d"};

// Changes the groups of its eight connections at random.
class Changer {
 public:
  Changer(Stage& stage, unsigned number) : stage_(stage), number_(number), random_(number) {
    while (members.size() < 8) members.push_back(Connect());
  }

  void Step() {
    Member& member = members[random_() % members.size()];
    const std::size_t group = random_() % groups.size();
    const unsigned what = random_() % 16;
    if (what == 0) {
      if (random_() % 2 == 0) member.socket.Close();
      member = Connect();
    } else if (what == 1) {
      CloseVictim(member);
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
  Member Connect() {
    auto [socket, peer] = stage_.Pair(std::to_string(number_) + "." + std::to_string(++connections_));
    return {std::move(socket), std::move(peer)};
  }
  // Makes a callback of `member` close another connection. Callbacks on other threads may close it at the same time.
  void CloseVictim(Member& member) {
    Member victim = Connect();
    wrong += victim.socket.Join("victims") ? 1 : 0;
    member.peer.Send("close victims");
    wrong += victim.peer.ReceiveClose().code == 4000 ? 0 : 1;
  }

  Stage& stage_;
  const unsigned number_;
  std::mt19937 random_;
  std::size_t connections_ = 0;
};

}  // namespace

TEST_CASE("Messages from sixteen threads to one connection arrive complete and in each thread's order", "[row17]") {
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
  Exactly("failed emits", failed.load(), 0);
  Exactly("lost or out of order", disordered, std::size_t{0});
  Exactly("corrupted", torn, std::size_t{0});
  CHECK(pair.second.Close().code == 1000);
}

TEST_CASE("Emit, Close and the destruction of the last handle can happen at the same moment", "[row18]") {
  const int rounds = Pick(1'000, 100'000);
  std::atomic<int> ended = 0, late = 0, other_errors = 0;
  Stage stage([&](Handler& socket) { socket.On("disconnect", [&] { ++ended; }); });
  stage.Connect().Close();
  stage.WaitUntilEmpty();
  const auto descriptors = ws::test::OpenDescriptors();
  std::array<std::optional<Handler>, 3> handles;
  std::atomic<bool> is_over = false;
  std::barrier<> barrier(4);
  const auto work = [&](std::size_t own, auto act) {
    return std::thread([&, own, act] {
      for (barrier.arrive_and_wait(); !is_over; barrier.arrive_and_wait()) {
        act(*handles[own]);
        handles[own].reset();
        barrier.arrive_and_wait();
      }
    });
  };
  std::array threads = {work(0,
                             [&](Handler& socket) {
                               Error error;
                               while (!error || error == Errc::QueueFull) error = socket.Emit("n", 1);
                               other_errors += error == Errc::Closed ? 0 : 1;
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
    barrier.arrive_and_wait();
    barrier.arrive_and_wait();
    closed += peer.ReceiveClose().code == 1000 ? 1 : 0;
    peer.SendClose();
    peer.DropConnection();
  }
  is_over = true;
  barrier.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  stage.WaitUntilEmpty();
  Exactly("rounds that ended with a close frame", closed, rounds);
  Exactly("disconnect callbacks", ended.load(), rounds + 1);
  Exactly("emits that succeeded after Close", late.load(), 0);
  Exactly("other errors of Emit", other_errors.load(), 0);
  Exactly("leaked descriptors", ws::test::OpenDescriptors() - descriptors, std::ptrdiff_t{0});
}

TEST_CASE("After random joins, leaves, closes and broadcasts the groups equal the model", "[row19]") {
  constexpr unsigned threads = 8;
  const int steps = Pick(300, 20'000);
  Options options;
  options.idle_timeout = options.write_timeout = std::chrono::milliseconds(0);  // the peers do not read
  Stage stage({}, options);
  const ws::Hub hub = stage->Hub();
  stage->Hub().On("close victims", [](Handler& socket) { socket.To("victims").Close(4000); });
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
  Exactly("connections at the end", hub.Size(), std::size_t{threads * 8});
  std::size_t wrong = 0, different = 0;
  for (const auto& changer : changers) wrong += changer->wrong;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    std::vector<std::uint64_t> expected, found;
    for (const auto& changer : changers) {
      for (const Member& member : changer->members) {
        if (member.in[group]) expected.push_back(member.socket.Id());
      }
    }
    for (const Handler& member : hub.To(groups[group]).Members()) found.push_back(member.Id());
    std::sort(expected.begin(), expected.end());
    different += found == expected ? 0 : 1;
  }
  Tell("steps", threads * static_cast<unsigned>(steps));
  Exactly("groups that differ from the model", different, std::size_t{0});
  Exactly("unexpected results", wrong, std::size_t{0});
  Exactly("victims that are still connected", hub.To("victims").Count(), std::size_t{0});
}
