// A peer that sends more than it may.
#include <chrono>
#include <string>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

using namespace std::chrono_literals;
using ws::EndReason;
using ws::Json;
using ws::Options;
using ws::test::EndOf;
using ws::test::Get;
using ws::test::MemorySession;

TEST_CASE("past the limit messages are read more slowly, the peer is told, and none is lost") {
  MemorySession session(Options{.rate_limit = {.messages_per_second = 50, .burst_messages = 5}});
  session.Open();
  session.socket.On("x", [](const Json& data) { return data; });
  const auto begin = std::chrono::steady_clock::now();
  for (int number = 0; number < 20; ++number) session.peer.Send("x", number, number);
  bool told = false;
  for (int number = 0; number < 20;) {
    const Json message = session.peer.Receive();
    if (message["event"] == "error") {
      CHECK(message["data"]["code"] == "rate_limited");
      told = true;
      continue;
    }
    CHECK(message["data"] == number++);
  }
  CHECK(told);
  CHECK(std::chrono::steady_clock::now() - begin >= 250ms);  // 14 of them at 50 a second
  CHECK(session.socket.IsConnected());
}

TEST_CASE("a peer that never relents ends with rate_limited and 1013") {
  MemorySession session(Options{.rate_limit = {.bytes_per_second = 1000, .burst_bytes = 100, .grace_period = 100ms}});
  auto end = EndOf(session.socket);
  session.Open();
  for (int number = 0; number < 20; ++number) session.peer.Send("x", std::string(100, 'x'));
  CHECK(session.peer.ReceiveClose().code == 1013);
  session.peer.SendClose(1013);
  CHECK(Get(std::move(end)).reason == EndReason::RateLimited);
}

TEST_CASE("a slowed connection can be closed by either side") {
  MemorySession session(Options{.rate_limit = {.messages_per_second = 1, .burst_messages = 1}});
  auto end = EndOf(session.socket);
  session.Open();
  for (int number = 0; number < 5; ++number) session.peer.Send("x");
  CHECK(session.peer.Receive()["data"]["code"] == "rate_limited");
  session.socket.Close();
  CHECK(session.peer.Close().code == 1000);
  CHECK(Get(std::move(end)).reason == EndReason::LocalClose);
}
