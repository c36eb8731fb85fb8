// A peer that exceeds the rate limit.
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

TEST_CASE("beyond the rate limit messages are read more slowly, the peer gets an error event, and no message is lost") {
  MemorySession session(Options{.rate_limit = {.messages_per_second = 50, .burst_messages = 5}});
  session.Open();
  session.socket.On("x", [](const Json& data) { return data; });
  const auto begin = std::chrono::steady_clock::now();
  for (int number = 0; number < 20; ++number) session.peer.Send("x", number, number);
  bool was_notified = false;
  for (int number = 0; number < 20;) {
    const Json message = session.peer.Receive();
    if (message["event"] == "error") {
      CHECK(message["data"]["code"] == "rate_limited");
      was_notified = true;
      continue;
    }
    CHECK(message["data"] == number++);
  }
  CHECK(was_notified);
  CHECK(std::chrono::steady_clock::now() - begin >= 250ms);  // 14 messages at 50 per second
  CHECK(session.socket.IsConnected());
}

TEST_CASE("a peer that exceeds the rate for longer than grace_period ends with rate_limited and 1013") {
  MemorySession session(Options{.rate_limit = {.bytes_per_second = 1000, .burst_bytes = 100, .grace_period = 100ms}});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  for (int number = 0; number < 20; ++number) session.peer.Send("x", std::string(100, 'x'));
  CHECK(session.peer.ReceiveClose().code == 1013);
  session.peer.SendClose(1013);
  CHECK(Get(std::move(close_reason)).reason == EndReason::RateLimited);
}

TEST_CASE("a throttled connection can be closed") {
  MemorySession session(Options{.rate_limit = {.messages_per_second = 1, .burst_messages = 1}});
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  for (int number = 0; number < 5; ++number) session.peer.Send("x");
  CHECK(session.peer.Receive()["data"]["code"] == "rate_limited");
  session.socket.Close();
  CHECK(session.peer.Close().code == 1000);
  CHECK(Get(std::move(close_reason)).reason == EndReason::LocalClose);
}
