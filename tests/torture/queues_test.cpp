// Rows 15 and 16: readers that are slow, or do not read at all.
#include <sys/resource.h>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "ws/ws.hpp"

using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::Overflow;
using ws::test::TestClient;
using namespace ws::torture;

namespace {

const char* NameOf(Overflow overflow) {
  if (overflow == Overflow::Refuse) return "refuse";
  return overflow == Overflow::DropOldest ? "drop_oldest" : "close";
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string MessageOf(const char* event, const std::string& text) {
  return std::string(R"({"event":")") + event + R"(","data":")" + text + "\"}";
}

std::string NumberedText(std::size_t number, std::size_t size) {
  return std::to_string(number) + ":" + std::string(size, 'x');
}

}  // namespace

TEST_CASE("The queue for a slow reader is bounded, and each lost message is counted", "[row15]") {
  const auto overflow = GENERATE(Overflow::Refuse, Overflow::DropOldest, Overflow::Close);
  const std::string name = NameOf(overflow);
  const int messages = Pick(5'000, 100'000);
  constexpr std::size_t limit = 64 << 10, size = 1 << 10;
  ws::test::Recorder ends;
  Stage stage(
      [&](Handler& socket) {
        socket.OnTyped("disconnect", [&](const ws::CloseReason& end) {
          ends.Add(std::string(ToString(end.reason)) + " " + std::to_string(end.code));
        });
      },
      Options{.max_outbound_messages = 1000, .max_outbound_bytes = limit, .overflow = overflow});
  auto [socket, peer] = stage.Pair("slow");
  const std::string text(size, 'x');
  const std::string message = MessageOf("n", text);
  std::size_t sent = 0, refused = 0, received = 0, torn = 0, most_bytes = 0;
  const auto emit = [&](const char* event, const Json& data) {
    const Error error = socket.Emit(event, data);
    refused += error == Errc::QueueFull ? 1 : 0;
    most_bytes = std::max(most_bytes, socket.Stats().queued_bytes);
    return error;
  };
  // Receives a message only if one is on its way. Until the writer has completed its batch, the queue can refuse every
  // emit, so there may be none.
  const auto receive = [&] {
    if (sent - socket.Stats().dropped == received) return;
    torn += peer.ReceiveMessage().payload == message ? 0 : 1;
    ++received;
  };
  for (int number = 0; number < messages && emit("n", text) != Errc::Closed; ++number) {
    ++sent;
    if (number % 8 == 7 && overflow != Overflow::Close) receive();
  }
  AtMost(name + ": bytes queued", most_bytes, limit + message.size(), "bytes");
  if (overflow == Overflow::Close) {
    Exactly(name + ": dropped messages", socket.Stats().dropped, std::uint64_t{refused});
    Exactly(name + ": close code", peer.ReceiveClose().code, std::uint16_t{1013});
    peer.SendClose(1013);
    Exactly(name + ": disconnect reason and code", ends.WaitFor(1)[0], std::string("slow_consumer 1013"));
    return;
  }
  while (emit("end", nullptr)) {
    ++sent;
    receive();
  }
  while (peer.ReceiveMessage().payload != R"({"event":"end"})") ++received;
  Exactly(name + ": dropped messages", socket.Stats().dropped, std::uint64_t{sent - received});
  // A message that is being written cannot be dropped. So drop_oldest also refuses if no other message waits.
  if (overflow == Overflow::Refuse) Exactly(name + ": refused emits", refused, sent - received);
  CHECK(torn == 0);
  CHECK(socket.Stats().dropped > 0);
  CHECK(peer.Close().code == 1000);
}

TEST_CASE("A broadcast reaches every reader, and its payload exists only once", "[row16]") {
  RaiseDescriptorLimit();
  const std::size_t crowd = Pick<std::size_t>(100, 1000), messages = Pick<std::size_t>(48, 96);
  constexpr std::size_t stalled = 10, size = 32 << 10, large = 4 << 20, at_once = 8;
  // No timeout ends the connections of the stalled readers, even on a slow machine.
  Options options{.max_outbound_messages = 16, .max_outbound_bytes = 2 * large};
  options.idle_timeout = options.write_timeout = std::chrono::milliseconds(0);
  Stage stage({}, options);
  std::vector<TestClient> peers;
  std::vector<Handler> sockets;
  for (std::size_t index = 0; index < crowd; ++index) {
    auto [socket, peer] = stage.Pair(std::to_string(index));
    sockets.push_back(socket);
    peers.push_back(std::move(peer));
  }
  const ws::Hub hub = stage->Hub();
  WaitUntil([&] { return hub.Size() == crowd; });
  std::size_t dropped = 0, correct = 0;
  for (std::size_t number = 0; number < messages; number += at_once) {
    std::vector<std::string> expected_messages;
    for (std::size_t next = number; next < number + at_once; ++next) {
      const std::string text = NumberedText(next, size);
      const ws::BroadcastResult result = hub.Broadcast("news", text);
      CHECK(result.queued + result.dropped == crowd);
      dropped += result.dropped;
      expected_messages.push_back(MessageOf("news", text));
    }
    for (std::size_t index = stalled; index < crowd; ++index) {
      for (const std::string& expected : expected_messages)
        correct += peers[index].ReceiveMessage().payload == expected ? 1 : 0;
    }
  }
  std::uint64_t counted_drops = 0;
  for (std::size_t index = 0; index < stalled; ++index) {
    counted_drops += sockets[index].Stats().dropped;
    CHECK(sockets[index].Stats().queued_messages > 0);
  }
  Exactly("messages received in order", correct, (crowd - stalled) * messages);
  Exactly("messages dropped for stalled readers", counted_drops, std::uint64_t{dropped});
  CHECK(dropped > 0);

  const std::string expected = MessageOf("news", std::string(large, 'x'));
  const Json text = std::string(large, 'x');
  const Growth growth;
  CHECK(hub.Broadcast("news", text).queued >= crowd - stalled);
  MemoryBelow("memory growth with 4 MiB in each queue", growth.Now(), 2 * large / 1024);
  for (std::size_t index = stalled; index < crowd; ++index) {
    TestClient reader = std::move(peers[index]);  // destroyed after this iteration, with its received data
    correct += reader.ReceiveMessage().payload == expected ? 1 : 0;
  }
  Tell("peak memory growth, including one reader's copy", std::to_string(growth.Peak()) + " KiB");
  Exactly("readers that received 4 MiB", correct - (crowd - stalled) * messages, crowd - stalled);
  peers.clear();
  stage.WaitUntilEmpty();
}
