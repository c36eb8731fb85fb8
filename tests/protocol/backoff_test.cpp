#include "ws/detail/protocol/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using Milliseconds = Backoff::Milliseconds;

TEST_CASE("The longest wait doubles from half a second to thirty") {
  Backoff backoff;
  std::vector<Milliseconds> waits;
  for (int i = 0; i < 9; ++i) waits.push_back(backoff.Next(1));
  CHECK(waits == std::vector<Milliseconds>{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
}

TEST_CASE("The wait is anywhere between nothing and the longest: full jitter") {
  for (int attempt = 0; attempt < 8; ++attempt) {
    for (const double fraction : {0.0, 0.25, 0.5, 1.0}) {
      Backoff backoff;
      for (int i = 0; i < attempt; ++i) backoff.Next(0);
      const Milliseconds ceiling = backoff.Ceiling();
      CHECK(backoff.Next(fraction).count() ==
            static_cast<Milliseconds::rep>(static_cast<double>(ceiling.count()) * fraction));
    }
  }
}

TEST_CASE("A fraction out of range is clamped") {
  Backoff backoff;
  CHECK(backoff.Next(-1) == 0ms);
  CHECK(backoff.Next(7) == 1s);
}

TEST_CASE("Only a connection that was stable starts the count anew") {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) backoff.Next(1);
  CHECK(backoff.Attempt() == 5);
  backoff.Ended(30s - 1ns);
  CHECK(backoff.Attempt() == 5);
  CHECK(backoff.Ceiling() == 16s);
  backoff.Ended(30s);
  CHECK(backoff.Attempt() == 0);
  CHECK(backoff.Next(1) == 500ms);
}

TEST_CASE("A million attempts still wait for the cap at most") {
  Backoff backoff;
  Milliseconds longest{};
  for (int i = 0; i < 1'000'000; ++i) longest = std::max(longest, backoff.Next(1));
  CHECK(longest == 30s);
}

TEST_CASE("The cap bounds a base above it") {
  Backoff backoff(10s, 3s);
  CHECK(backoff.Next(1) == 3s);
  CHECK(backoff.Next(1) == 3s);
}

TEST_CASE("Base and cap may be the longest time there is") {
  constexpr Milliseconds longest = Milliseconds::max();
  CHECK(Backoff(longest, longest).Next(1) == longest);
  CHECK(Backoff(longest, longest).Next(0.5) > longest / 3);
  Backoff doubling(500ms, longest);
  for (int i = 0; i < 100; ++i) CHECK(doubling.Next(1) > 0ms);
  CHECK(doubling.Ceiling() == longest);
}

TEST_CASE("Clients that lost the same server come back spread over the whole span") {
  constexpr int clients = 1000, bins = 10;
  std::mt19937 random(5);
  std::uniform_real_distribution<double> fraction(0, 1);
  std::vector<int> counts(bins);
  for (int client = 0; client < clients; ++client) {
    Backoff backoff;
    for (int i = 0; i < 6; ++i) backoff.Next(fraction(random));
    ++counts[static_cast<std::size_t>(backoff.Next(fraction(random)).count() * bins / 30'001)];
  }
  for (const int count : counts) CHECK((count > clients / bins / 2 && count < clients / bins * 2));
}

TEST_CASE("No connection is stable where it would have to last for ever") {
  Backoff backoff(500ms, 30s, std::chrono::milliseconds::max());
  static_cast<void>(backoff.Next(1));
  backoff.Ended(1s);
  CHECK(backoff.Attempt() == 1);
}
