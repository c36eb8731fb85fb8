#include "ws/detail/protocol/heartbeat.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;
using Status = Heartbeat::Status;

TEST_CASE("Silence requests one ping, and longer silence means that the peer is dead") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 25s - 1ns) == Status::Alive);
  CHECK(heartbeat.Check(start + 25s) == Status::SendPing);
  CHECK(heartbeat.Check(start + 25s) == Status::Alive);
  CHECK(heartbeat.Check(start + 45s - 1ns) == Status::Alive);
  CHECK(heartbeat.Check(start + 45s) == Status::Dead);
  CHECK(heartbeat.Check(start + 46s) == Status::Dead);
}

TEST_CASE("Received bytes restart both deadlines") {
  Heartbeat heartbeat(25s, 45s, start);
  heartbeat.OnBytesReceived(start + 24s);
  CHECK(heartbeat.Check(start + 48s) == Status::Alive);
  CHECK(heartbeat.Check(start + 49s) == Status::SendPing);
  heartbeat.OnBytesReceived(start + 50s);
  CHECK(heartbeat.Check(start + 74s) == Status::Alive);
  CHECK(heartbeat.Check(start + 75s) == Status::SendPing);
  CHECK(heartbeat.Check(start + 95s) == Status::Dead);
}

TEST_CASE("The next check is due at the ping interval, then at the idle timeout") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Next() == start + 25s);
  heartbeat.Check(start + 25s);
  CHECK(heartbeat.Next() == start + 45s);
  heartbeat.OnBytesReceived(start + 30s);
  CHECK(heartbeat.Next() == start + 55s);
}

TEST_CASE("While the heartbeat is paused, the peer does not count as dead") {
  Heartbeat heartbeat(25s, 45s, start);
  heartbeat.Pause(start + 20s);
  CHECK(heartbeat.Next() == Time::max());
  CHECK(heartbeat.Check(start + 10h) == Status::Alive);
  heartbeat.Resume(start + 10h);
  CHECK(heartbeat.Next() == start + 10h + 5s);
  CHECK(heartbeat.Check(start + 10h + 5s) == Status::SendPing);
  CHECK(heartbeat.Check(start + 10h + 25s - 1ns) == Status::Alive);
  CHECK(heartbeat.Check(start + 10h + 25s) == Status::Dead);
}

TEST_CASE("A ping that was requested before a pause is not requested again after it") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 25s) == Status::SendPing);
  heartbeat.Pause(start + 30s);
  heartbeat.Resume(start + 60s);
  CHECK(heartbeat.Check(start + 61s) == Status::Alive);
  CHECK(heartbeat.Next() == start + 75s);
}

TEST_CASE("A late check reports a dead peer at once") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 1h) == Status::Dead);
}

TEST_CASE("Ping and idle timeout can each be turned off") {
  Heartbeat no_ping(0s, 45s, start);
  CHECK(no_ping.Check(start + 44s) == Status::Alive);
  CHECK(no_ping.Check(start + 45s) == Status::Dead);
  Heartbeat no_timeout(25s, 0s, start);
  CHECK(no_timeout.Check(start + 10h) == Status::SendPing);
  CHECK(no_timeout.Next() == Time::max());
  Heartbeat neither(0s, 0s, start);
  CHECK(neither.Check(start + 10h) == Status::Alive);
}
