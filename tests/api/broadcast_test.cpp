// Broadcasts to a group in which some members do not read.
#include <memory>
#include <string>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::BroadcastGroup;
using ws::BroadcastResult;
using ws::Overflow;

namespace {

// Open connections that are members of one group.
class GroupFixture {
 public:
  GroupFixture(int count, const Options& options) {
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

TEST_CASE("members join and leave, and a member whose connection ends leaves the group") {
  GroupFixture fixture(3, {});
  CHECK(fixture.group.Size() == 3);
  CHECK_FALSE(fixture.group.Join(fixture[0].socket));
  CHECK(fixture.group.Size() == 3);
  fixture.group.Leave(fixture[1].socket);
  CHECK(fixture.group.Members() == std::vector<Handler>{fixture[0].socket, fixture[2].socket});
  fixture[0].socket.Close();
  fixture[0].peer.Close();
  while (fixture.group.Size() != 1) std::this_thread::yield();
  CHECK(fixture.group.Join(fixture[0].socket) == Errc::Closed);
  CHECK(fixture.group.Broadcast("x").queued == 1);
  CHECK(fixture.group.Broadcast("connect").error == Errc::InvalidEvent);
}

TEST_CASE("a member that does not read does not delay the other members, and they receive every message in order") {
  constexpr int messages = 500;
  GroupFixture fixture(6, {.max_outbound_messages = 16});
  for (const std::size_t stalled : {0u, 1u}) fixture[stalled].BlockWrites(true);
  std::size_t dropped = 0;
  for (int number = 0; number < messages; ++number) {
    const BroadcastResult result = fixture.group.Broadcast("n", number);
    CHECK(result.queued + result.dropped == 6);
    CHECK(result.closed == 0);
    CHECK(result.dropped <= 2);
    dropped += result.dropped;
    for (std::size_t index = 2; index < 6; ++index) CHECK(fixture[index].peer.Receive()["data"] == number);
  }
  CHECK(dropped == fixture[0].socket.Stats().dropped + fixture[1].socket.Stats().dropped);
  for (const std::size_t stalled : {0u, 1u}) CHECK(fixture[stalled].socket.Stats().queued_messages <= 16);
}

TEST_CASE("a broadcast to a full queue follows the overflow policy of that member, and every lost message is counted") {
  constexpr std::uint64_t messages = 100;
  const auto overflow = GENERATE(Overflow::Refuse, Overflow::DropOldest, Overflow::Close);
  GroupFixture fixture(1, {.max_outbound_messages = 8, .overflow = overflow, .close_timeout = 100ms});
  auto close_reason = CloseReasonOf(fixture[0].socket);
  fixture[0].BlockWrites(true);
  BroadcastResult sum;
  for (std::uint64_t number = 0; number < messages; ++number) {
    const BroadcastResult result = fixture.group.Broadcast("n", number);
    sum.queued += result.queued;
    sum.dropped += result.dropped;
    sum.closed += result.closed;
  }
  if (overflow == Overflow::Close) {
    CHECK(sum.closed > 0);
    CHECK(Get(std::move(close_reason)).code == 1013);
    CHECK(fixture.group.Size() == 0);
    return;
  }
  fixture[0].BlockWrites(false);
  while (fixture[0].socket.Stats().queued_messages != 0) std::this_thread::yield();
  CHECK_FALSE(fixture[0].socket.Emit("last"));
  std::uint64_t got = 0;
  while (fixture[0].peer.Receive()["event"] != "last") ++got;
  CHECK(got + fixture[0].socket.Stats().dropped == messages);
  if (overflow == Overflow::Refuse) CHECK(sum.queued == got);
}

TEST_CASE("a volatile broadcast skips members whose queue is filling up") {
  GroupFixture fixture(2, {.max_outbound_messages = 8});
  fixture[0].BlockWrites(true);
  std::size_t dropped = 0;
  for (int number = 0; number < 20; ++number) {
    dropped += fixture.group.BroadcastVolatile("n", number).dropped;
    CHECK(fixture[1].peer.Receive()["data"] == number);
  }
  CHECK(dropped >= 20 - 3);
}

TEST_CASE("a broadcast reaches every member intact after all of their queues were blocked") {
  constexpr std::size_t size = 1'000'000;
  GroupFixture fixture(5, {});
  for (auto& session : fixture.sessions) session->BlockWrites(true);
  const std::string text(size, 'x');
  for (int number = 0; number < 3; ++number) CHECK(fixture.group.Broadcast("n", text).queued == 5);
  for (auto& session : fixture.sessions) CHECK(session->socket.Stats().queued_bytes > 3 * size);
  for (auto& session : fixture.sessions) session->BlockWrites(false);
  for (auto& session : fixture.sessions) {
    for (int number = 0; number < 3; ++number) CHECK(session->peer.Receive()["data"] == text);
  }
}
