#include "ws/detail/protocol/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using Milliseconds = Backoff::Milliseconds;

TEST_CASE("The maximum delay doubles from half a second up to thirty seconds") {
  Backoff backoff;
  std::vector<Milliseconds> delays;
  for (int i = 0; i < 9; ++i) delays.push_back(backoff.Next(1));
  CHECK(delays == std::vector<Milliseconds>{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
}

TEST_CASE("The delay is between zero and the maximum (full jitter)") {
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

TEST_CASE("Only a stable connection resets the count of attempts") {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) backoff.Next(1);
  CHECK(backoff.Attempt() == 5);
  backoff.OnConnectionEnded(30s - 1ns);
  CHECK(backoff.Attempt() == 5);
  CHECK(backoff.Ceiling() == 16s);
  backoff.OnConnectionEnded(30s);
  CHECK(backoff.Attempt() == 0);
  CHECK(backoff.Next(1) == 500ms);
}

TEST_CASE("The delay never exceeds the cap, even after a million attempts") {
  Backoff backoff;
  Milliseconds longest{};
  for (int i = 0; i < 1'000'000; ++i) longest = std::max(longest, backoff.Next(1));
  CHECK(longest == 30s);
}

TEST_CASE("The cap limits a larger base") {
  Backoff backoff(10s, 3s);
  CHECK(backoff.Next(1) == 3s);
  CHECK(backoff.Next(1) == 3s);
}

TEST_CASE("Base and cap can be the longest possible duration without overflow") {
  constexpr Milliseconds longest = Milliseconds::max();
  CHECK(Backoff(longest, longest).Next(1) == longest);
  CHECK(Backoff(longest, longest).Next(0.5) > longest / 3);
  Backoff doubling(500ms, longest);
  for (int i = 0; i < 100; ++i) CHECK(doubling.Next(1) > 0ms);
  CHECK(doubling.Ceiling() == longest);
}

TEST_CASE("Clients that lost the same server reconnect evenly over the whole interval") {
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

TEST_CASE("With the longest stable time no connection resets the count of attempts") {
  Backoff backoff(500ms, 30s, std::chrono::milliseconds::max());
  static_cast<void>(backoff.Next(1));
  backoff.OnConnectionEnded(1s);
  CHECK(backoff.Attempt() == 1);
}
