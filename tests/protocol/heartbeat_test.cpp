#include "ws/detail/protocol/heartbeat.hpp"

#include <chrono>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;
using Verdict = Heartbeat::Verdict;

TEST_CASE("Silence asks for one ping, longer silence means dead") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 25s - 1ns) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 25s) == Verdict::SendPing);
  CHECK(heartbeat.Check(start + 25s) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 45s - 1ns) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 45s) == Verdict::Dead);
  CHECK(heartbeat.Check(start + 46s) == Verdict::Dead);
}

TEST_CASE("Any octet starts the silence anew") {
  Heartbeat heartbeat(25s, 45s, start);
  heartbeat.Heard(start + 24s);
  CHECK(heartbeat.Check(start + 48s) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 49s) == Verdict::SendPing);
  heartbeat.Heard(start + 50s);
  CHECK(heartbeat.Check(start + 74s) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 75s) == Verdict::SendPing);
  CHECK(heartbeat.Check(start + 95s) == Verdict::Dead);
}

TEST_CASE("The next check is due at the ping, then at death") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Next() == start + 25s);
  heartbeat.Check(start + 25s);
  CHECK(heartbeat.Next() == start + 45s);
  heartbeat.Heard(start + 30s);
  CHECK(heartbeat.Next() == start + 55s);
}

TEST_CASE("While nothing is read nobody dies") {
  Heartbeat heartbeat(25s, 45s, start);
  heartbeat.Pause(start + 20s);
  CHECK(heartbeat.Next() == Time::max());
  CHECK(heartbeat.Check(start + 10h) == Verdict::Alive);
  heartbeat.Resume(start + 10h);
  CHECK(heartbeat.Next() == start + 10h + 5s);
  CHECK(heartbeat.Check(start + 10h + 5s) == Verdict::SendPing);
  CHECK(heartbeat.Check(start + 10h + 25s - 1ns) == Verdict::Alive);
  CHECK(heartbeat.Check(start + 10h + 25s) == Verdict::Dead);
}

TEST_CASE("A ping that was sent before the pause is not sent again after it") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 25s) == Verdict::SendPing);
  heartbeat.Pause(start + 30s);
  heartbeat.Resume(start + 60s);
  CHECK(heartbeat.Check(start + 61s) == Verdict::Alive);
  CHECK(heartbeat.Next() == start + 75s);
}

TEST_CASE("A check that comes late says dead at once") {
  Heartbeat heartbeat(25s, 45s, start);
  CHECK(heartbeat.Check(start + 1h) == Verdict::Dead);
}

TEST_CASE("Either clock can be turned off") {
  Heartbeat no_ping(0s, 45s, start);
  CHECK(no_ping.Check(start + 44s) == Verdict::Alive);
  CHECK(no_ping.Check(start + 45s) == Verdict::Dead);
  Heartbeat no_death(25s, 0s, start);
  CHECK(no_death.Check(start + 10h) == Verdict::SendPing);
  CHECK(no_death.Next() == Time::max());
  Heartbeat neither(0s, 0s, start);
  CHECK(neither.Check(start + 10h) == Verdict::Alive);
}
