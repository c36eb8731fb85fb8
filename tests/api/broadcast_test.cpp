// A message to many, some of whom do not read.
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::BroadcastGroup;
using ws::BroadcastResult;
using ws::Errc;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::Overflow;
using ws::test::MemorySession;

namespace {

// Members of one group, each with a peer.
class Choir {
 public:
  Choir(int count, const Options& options) {
    for (int number = 0; number < count; ++number) {
      sessions.push_back(std::make_unique<MemorySession>(options));
      sessions.back()->Open();
      CHECK_FALSE(group.Join(sessions.back()->socket));
    }
  }

  MemorySession& operator[](std::size_t index) { return *sessions[index]; }

  BroadcastGroup group;
  std::vector<std::unique_ptr<MemorySession>> sessions;
};

}  // namespace

TEST_CASE("members join and leave, and who ends leaves by itself") {
  Choir choir(3, {});
  CHECK(choir.group.Size() == 3);
  CHECK_FALSE(choir.group.Join(choir[0].socket));
  CHECK(choir.group.Size() == 3);
  choir.group.Leave(choir[1].socket);
  CHECK(choir.group.Members() == std::vector<Handler>{choir[0].socket, choir[2].socket});
  choir[0].socket.Close();
  choir[0].peer.Close();
  while (choir.group.Size() != 1) std::this_thread::yield();
  CHECK(choir.group.Join(choir[0].socket) == Errc::Closed);
  CHECK(choir.group.Broadcast("x").queued == 1);
  CHECK(choir.group.Broadcast("connect").error == Errc::InvalidEvent);
}

TEST_CASE("a member that does not read delays nobody, and the others get everything in order") {
  constexpr int messages = 500;
  Choir choir(6, {.max_outbound_messages = 16});
  for (const std::size_t stalled : {0u, 1u}) choir[stalled].BlockWrites(true);
  std::size_t dropped = 0;
  for (int number = 0; number < messages; ++number) {
    const BroadcastResult result = choir.group.Broadcast("n", number);
    CHECK(result.queued + result.dropped == 6);
    CHECK(result.closed == 0);
    CHECK(result.dropped <= 2);
    dropped += result.dropped;
    for (std::size_t index = 2; index < 6; ++index) CHECK(choir[index].peer.Receive()["data"] == number);
  }
  CHECK(dropped == choir[0].socket.Stats().dropped + choir[1].socket.Stats().dropped);
  for (const std::size_t stalled : {0u, 1u}) CHECK(choir[stalled].socket.Stats().queued_messages <= 16);
}

TEST_CASE("each member's own policy decides what a full queue does, and every loss is counted") {
  constexpr std::uint64_t messages = 100;
  const auto overflow = GENERATE(Overflow::Refuse, Overflow::DropOldest, Overflow::Close);
  Choir choir(1, {.max_outbound_messages = 8, .overflow = overflow, .close_timeout = 100ms});
  auto end = ws::test::EndOf(choir[0].socket);
  choir[0].BlockWrites(true);
  BroadcastResult sum;
  for (std::uint64_t number = 0; number < messages; ++number) {
    const BroadcastResult result = choir.group.Broadcast("n", number);
    sum.queued += result.queued;
    sum.dropped += result.dropped;
    sum.closed += result.closed;
  }
  if (overflow == Overflow::Close) {
    CHECK(sum.closed > 0);
    CHECK(ws::test::Get(std::move(end)).code == 1013);
    CHECK(choir.group.Size() == 0);
    return;
  }
  choir[0].BlockWrites(false);
  while (choir[0].socket.Stats().queued_messages != 0) std::this_thread::yield();
  CHECK_FALSE(choir[0].socket.Emit("last"));
  std::uint64_t got = 0;
  while (choir[0].peer.Receive()["event"] != "last") ++got;
  CHECK(got + choir[0].socket.Stats().dropped == messages);
  if (overflow == Overflow::Refuse) CHECK(sum.queued == got);
}

TEST_CASE("a volatile broadcast passes over members that are behind") {
  Choir choir(2, {.max_outbound_messages = 8});
  choir[0].BlockWrites(true);
  std::size_t dropped = 0;
  for (int number = 0; number < 20; ++number) {
    dropped += choir.group.BroadcastVolatile("n", number).dropped;
    CHECK(choir[1].peer.Receive()["data"] == number);
  }
  CHECK(dropped >= 20 - 3);
}

TEST_CASE("the bytes of a broadcast exist once, however many members wait for it") {
  constexpr std::size_t size = 1'000'000;
  Choir choir(5, {});
  for (auto& session : choir.sessions) session->BlockWrites(true);
  const std::string text(size, 'x');
  for (int number = 0; number < 3; ++number) CHECK(choir.group.Broadcast("n", text).queued == 5);
  for (auto& session : choir.sessions) CHECK(session->socket.Stats().queued_bytes > 3 * size);
  for (auto& session : choir.sessions) session->BlockWrites(false);
  for (auto& session : choir.sessions) {
    for (int number = 0; number < 3; ++number) CHECK(session->peer.Receive()["data"] == text);
  }
}
