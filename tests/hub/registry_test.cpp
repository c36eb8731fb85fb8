// Group membership of connections that were never opened.
#include "hub/registry.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace ws::hub;
using ws::Selection;

namespace {

ConnectionPtr Make() {
  return std::make_shared<Connection>(std::make_shared<const ws::Options>());
}

void End(const ConnectionPtr& connection) {
  connection->Close({});
}

std::set<ConnectionPtr> SetOf(const std::vector<ConnectionPtr>& members) {
  std::set<ConnectionPtr> set(members.begin(), members.end());
  CHECK(set.size() == members.size());
  return set;
}

std::set<ConnectionPtr> In(const Registry& registry, const std::string& group) {
  return SetOf(registry.Select({.groups = {group}}));
}

}  // namespace

TEST_CASE("a connection that joins is a member until it leaves, and joining or leaving twice has no further effect") {
  const auto registry = std::make_shared<Registry>();
  const auto a = Make(), b = Make();
  for (int round = 0; round < 2; ++round) {
    CHECK(registry->Join(a, "x"));
    CHECK(registry->Join(b, "x"));
    CHECK(registry->Join(b, "y"));
  }
  CHECK(In(*registry, "x") == std::set{a, b});
  CHECK(In(*registry, "y") == std::set{b});
  CHECK(registry->Groups() == std::vector<std::string>{"x", "y"});
  for (int round = 0; round < 2; ++round) {
    registry->Leave(*b, "x");
    registry->Leave(*b, "never");
  }
  CHECK(In(*registry, "x") == std::set{a});
  CHECK(registry->Count({.groups = {"x"}}) == 1);
  registry->Leave(*a, "x");
  CHECK(registry->Groups() == std::vector<std::string>{"y"});
}

TEST_CASE("a connection that is closed or destroyed leaves all its groups") {
  const auto registry = std::make_shared<Registry>();
  auto ending = Make(), dropped = Make();
  for (const auto& one : {ending, dropped}) {
    registry->OnOpened(one);
    CHECK(registry->Join(one, "x"));
  }
  End(ending);
  dropped.reset();
  CHECK(registry->Count({.everybody = true}) == 0);
  CHECK(registry->Groups().empty());
  CHECK_FALSE(registry->Join(ending, "x"));
  registry->OnOpened(ending);
  CHECK(registry->Count({.everybody = true}) == 0);
}

TEST_CASE("a connection that has left every group may join again") {
  const auto registry = std::make_shared<Registry>();
  const auto a = Make();
  for (int round = 0; round < 3; ++round) {
    CHECK(registry->Join(a, "x"));
    registry->Leave(*a, "x");
  }
  CHECK(registry->Join(a, "x"));
  End(a);
  CHECK(registry->Groups().empty());
}

TEST_CASE("a selection contains each member once, and not the excepted ones") {
  const auto registry = std::make_shared<Registry>();
  const auto a = Make(), b = Make(), c = Make(), d = Make();
  for (const auto& one : {a, b, c, d}) registry->OnOpened(one);
  for (const auto& one : {a, b}) registry->Join(one, "x");
  for (const auto& one : {b, c}) registry->Join(one, "y");
  registry->Join(c, "z");
  const auto select = [&](const Selection& selection) {
    CHECK(registry->Count(selection) == registry->Select(selection).size());
    return SetOf(registry->Select(selection));
  };
  CHECK(select({.groups = {"x", "y", "x"}}) == std::set{a, b, c});
  CHECK(select({.groups = {"x", "y"}, .except = {a}}) == std::set{b, c});
  CHECK(select({.groups = {"x", "y"}, .except_groups = {"z", "none"}}) == std::set{a, b});
  CHECK(select({.everybody = true}) == std::set{a, b, c, d});
  CHECK(select({.everybody = true, .groups = {"x"}, .except_groups = {"x"}, .except = {c}}) == std::set{d});
  CHECK(select({}).empty());
  CHECK(select({.groups = {"none"}}).empty());
}

TEST_CASE("a member may be closed after the registry was destroyed") {
  auto registry = std::make_shared<Registry>();
  const auto a = Make();
  registry->Join(a, "x");
  registry.reset();
  End(a);
}
