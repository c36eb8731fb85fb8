// Membership, on connections that were never opened.
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

TEST_CASE("Who joins is a member until it leaves, however often it does either") {
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

TEST_CASE("A connection that ends, or is let go of, leaves everything by itself") {
  const auto registry = std::make_shared<Registry>();
  auto ending = Make(), dropped = Make();
  for (const auto& one : {ending, dropped}) {
    registry->Admit(one);
    CHECK(registry->Join(one, "x"));
  }
  End(ending);
  dropped.reset();
  CHECK(registry->Count({.everybody = true}) == 0);
  CHECK(registry->Groups().empty());
  CHECK_FALSE(registry->Join(ending, "x"));
  registry->Admit(ending);
  CHECK(registry->Count({.everybody = true}) == 0);
}

TEST_CASE("Who left every group may come back") {
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

TEST_CASE("A selection has each member once, without its exceptions") {
  const auto registry = std::make_shared<Registry>();
  const auto a = Make(), b = Make(), c = Make(), d = Make();
  for (const auto& one : {a, b, c, d}) registry->Admit(one);
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

TEST_CASE("A registry that is gone is no concern of its members") {
  auto registry = std::make_shared<Registry>();
  const auto a = Make();
  registry->Join(a, "x");
  registry.reset();
  End(a);
}
