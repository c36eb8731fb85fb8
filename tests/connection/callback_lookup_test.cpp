// The callbacks of a message, from the connection's own table and the shared one.
#include "connection/callback_lookup.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/fake_peer.hpp"

using ws::connection::CallbackLookup;
using ws::dispatch::CallbackList;
using ws::dispatch::EventKind;
using ws::dispatch::EventTable;

namespace {

struct FakeScope final : ws::connection::ConnectionScope {
  void OnOpened(const std::shared_ptr<ws::connection::Connection>&) override {}
  void OnDisconnected(const ws::connection::Connection&) noexcept override {}
  EventTable& Callbacks() noexcept override { return table; }

  EventTable table{EventTable::Scope::Shared};
};

ws::dispatch::CallbackPtr MakeEmpty() {
  return ws::dispatch::MakeCallback<ws::test::Peer>([] {});
}

// "s" for each shared callback and "o" for each own one, in order.
std::string OriginOf(const CallbackList& list) {
  std::string origins;
  for (std::size_t index = 0; index < list.Size(); ++index) origins += list.At(index)->shared ? 's' : 'o';
  return origins;
}

}  // namespace

TEST_CASE("own callbacks of an event replace the shared ones") {
  FakeScope scope;
  CallbackLookup lookup(&scope);
  scope.table.Add("x", MakeEmpty());
  CHECK(OriginOf(lookup.FindEvent("x")) == "s");
  lookup.Own().Add("x", MakeEmpty());
  CHECK(OriginOf(lookup.FindEvent("x")) == "o");
  CHECK(lookup.FindEvent("y").Size() == 0);
}

TEST_CASE("middleware runs first and OnAny last, of the scope and of the connection") {
  FakeScope scope;
  CallbackLookup lookup(&scope);
  lookup.Own().AddMiddleware(MakeEmpty());
  scope.table.AddMiddleware(MakeEmpty());
  lookup.Own().AddAny(MakeEmpty());
  scope.table.AddAny(MakeEmpty());
  lookup.Own().Add("x", MakeEmpty());
  const CallbackList list = lookup.FindEvent("x");
  CHECK(OriginOf(list) == "sooos");
  CHECK(list.IsMiddleware(1));
  CHECK_FALSE(list.IsMiddleware(2));
  CHECK(list.HasCallback());
}

TEST_CASE("of connect the shared callbacks run first, of disconnect last") {
  FakeScope scope;
  CallbackLookup lookup(&scope);
  for (const char* event : {"connect", "disconnect"}) {
    lookup.Own().Add(event, MakeEmpty());
    scope.table.Add(event, MakeEmpty());
  }
  CHECK(OriginOf(lookup.FindLifecycle(EventKind::Connect)) == "so");
  CHECK(OriginOf(lookup.FindLifecycle(EventKind::Disconnect)) == "os");
}

TEST_CASE("a connection without a scope has its own callbacks only") {
  CallbackLookup lookup(nullptr);
  CHECK_FALSE(lookup.HasOwn());
  CHECK(lookup.FindRaw() == nullptr);
  lookup.Own().SetRaw(MakeEmpty());
  CHECK(lookup.HasOwn());
  CHECK(lookup.FindRaw()->size() == 1);
  CHECK(lookup.FindEvent("x").Size() == 0);
}
