// Compares group membership with a model, while many threads change it.
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "hub/registry.hpp"
#include "support/catch.hpp"

using namespace ws::hub;

namespace {

constexpr std::array groups = {"a", "b", "c", "d"};

// The expected membership of one connection. Only one thread changes it.
struct Member {
  ConnectionPtr connection = std::make_shared<Connection>(std::make_shared<const ws::Options>());
  std::array<bool, groups.size()> in{};
  bool ended = false;
};

void Act(Registry& registry, Member& member, std::mt19937& random) {
  const std::size_t group = random() % groups.size();
  switch (random() % 16) {
    case 0:
      member.connection->Close({});
      member.ended = true;
      member.in = {};
      break;
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      member.in[group] = registry.Join(member.connection, groups[group]);
      CHECK(member.in[group] == !member.ended);
      break;
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
      registry.Leave(*member.connection, groups[group]);
      member.in[group] = false;
      break;
    default:
      // A selection during concurrent changes contains no duplicates and no excepted connection.
      auto found = registry.Select({.groups = {"a", "b"}, .except = {member.connection}});
      CHECK(std::find(found.begin(), found.end(), member.connection) == found.end());
      std::sort(found.begin(), found.end());
      CHECK(std::adjacent_find(found.begin(), found.end()) == found.end());
  }
}

}  // namespace

TEST_CASE("membership equals the model after several threads have joined, left, closed and selected concurrently") {
  const unsigned seed = GENERATE(1U, 2U, 3U);
  constexpr std::size_t threads = 4, members_each = 16;
  const auto registry = std::make_shared<Registry>();
  std::vector<Member> members(threads * members_each);
  std::vector<std::thread> running;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      std::mt19937 random(seed * 1000 + static_cast<unsigned>(thread));
      for (int step = 0; step < 3000; ++step) {
        Member& member = members[thread * members_each + random() % members_each];
        if (member.ended) member = Member();
        Act(*registry, member, random);
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  for (std::size_t group = 0; group < groups.size(); ++group) {
    std::vector<ConnectionPtr> expected, found = registry->Select({.groups = {groups[group]}});
    for (const Member& member : members) {
      if (member.in[group]) expected.push_back(member.connection);
    }
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    CHECK(found == expected);
  }
}
