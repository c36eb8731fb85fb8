#include "ws/detail/dispatch/event_table.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_peer.hpp"

using namespace ws::dispatch;
using ws::CallbackId;
using ws::Json;
using ws::Message;
using ws::Order;
using ws::test::Peer;
using ws::test::ResultOf;

namespace {

// Returns a callback that returns its name and calls `on_end` when it is destroyed.
CallbackPtr Named(
    std::string name, std::function<void()> on_end = [] {}) {
  const std::shared_ptr<void> end(nullptr, [on_end = std::move(on_end)](void*) { on_end(); });
  return MakeCallback<Peer>([name = std::move(name), end] { return name; });
}

std::string NamesOf(const std::shared_ptr<const Registrations>& list) {
  std::string names;
  if (!list) return names;
  for (const auto& one : *list) {
    names += (names.empty() ? "" : " ") + ResultOf(one->callback).AsValue()->get<std::string>();
  }
  return names;
}

}  // namespace

TEST_CASE("An event can have several callbacks, in the order of registration") {
  EventTable table;
  for (const char* name : {"a", "b", "c"}) REQUIRE(table.Add("event", Named(name)));
  table.Add("other", Named("d"));
  CHECK(NamesOf(table.Find("event")) == "a b c");
  CHECK(NamesOf(table.Find("other")) == "d");
  CHECK(table.Find("none") == nullptr);
  CHECK(table.Find("even") == nullptr);
}

TEST_CASE("Each registration has a unique id") {
  EventTable table;
  const CallbackId first = table.Add("event", Named("a"))->id;
  const CallbackId second = table.Add("event", Named("a"))->id;
  const CallbackId any = table.AddAny(Named("a"));
  const CallbackId raw = table.SetRaw(Named("a"));
  CHECK(first != CallbackId::None);
  CHECK((first != second && second != any && any != raw && raw != first));
}

TEST_CASE("A registration stores its order and whether it runs only once") {
  EventTable table;
  CHECK(table.Add("event", Named("a"))->order == Order::Sequential);
  CHECK_FALSE(table.Add("event", Named("a"))->once);
  const auto registration = table.Add("event", Named("a"), Order::Concurrent, true);
  CHECK(registration->order == Order::Concurrent);
  CHECK(registration->once);
  CHECK_FALSE(registration->fired);
}

TEST_CASE("Remove removes all callbacks of an event, or the one with an id") {
  EventTable table;
  table.Add("event", Named("a"));
  const CallbackId b = table.Add("event", Named("b"))->id;
  table.Add("event", Named("c"));
  table.Add("other", Named("d"));
  table.Remove(b);
  CHECK(NamesOf(table.Find("event")) == "a c");
  table.Remove(b);
  table.Remove(CallbackId::None);
  table.Remove(CallbackId{12345});
  CHECK(NamesOf(table.Find("event")) == "a c");
  table.Remove("event");
  CHECK(table.Find("event") == nullptr);
  CHECK(NamesOf(table.Find("other")) == "d");
  table.Remove("event");
  table.Add("event", Named("e"));
  CHECK(NamesOf(table.Find("event")) == "e");
}

TEST_CASE("An event whose last callback was removed is not in the table") {
  EventTable table;
  table.Remove(table.Add("event", Named("a"))->id);
  CHECK(table.Find("event") == nullptr);
}

TEST_CASE("Callbacks of OnAny and OnMessage can be removed by their ids too") {
  EventTable table;
  const CallbackId a = table.AddAny(Named("a"));
  table.AddAny(Named("b"));
  const CallbackId raw = table.SetRaw(Named("r"));
  CHECK(NamesOf(table.Any()) == "a b");
  CHECK(NamesOf(table.Raw()) == "r");
  table.Remove(a);
  CHECK(NamesOf(table.Any()) == "b");
  CHECK(table.Raw() != nullptr);
  table.Remove(raw);
  CHECK(table.Raw() == nullptr);
  CHECK(table.Raw() == nullptr);
}

TEST_CASE("A second OnMessage callback replaces the first one") {
  EventTable table;
  bool destroyed = false;
  const CallbackId first = table.SetRaw(Named("a", [&] { destroyed = true; }));
  table.SetRaw(Named("b"));
  CHECK(destroyed);
  table.Remove(first);
  CHECK(NamesOf(table.Raw()) == "b");
}

TEST_CASE("A list that was looked up does not change later") {
  EventTable table;
  table.Add("event", Named("a"));
  const auto list = table.Find("event");
  table.Add("event", Named("b"));
  CHECK(NamesOf(list) == "a");
  table.Remove("event");
  CHECK(NamesOf(list) == "a");
}

TEST_CASE("Close destroys every callback, and nothing can be added afterwards") {
  EventTable table;
  int destroyed = 0;
  const auto count = [&] { ++destroyed; };
  table.Add("event", Named("a", count));
  table.AddAny(Named("b", count));
  table.SetRaw(Named("c", count));
  table.Close();
  CHECK(destroyed == 3);
  CHECK(table.Find("event") == nullptr);
  CHECK(table.Any() == nullptr);
  CHECK(table.Raw() == nullptr);
  CHECK(table.Add("event", Named("d", count)) == nullptr);
  CHECK(table.AddAny(Named("e", count)) == CallbackId::None);
  CHECK(table.SetRaw(Named("f", count)) == CallbackId::None);
  CHECK(destroyed == 6);
  table.Remove("event");
  table.Close();
}

TEST_CASE("Callbacks are destroyed outside the lock, so their destructors may use the table") {
  EventTable table;
  int destroyed = 0;
  const auto use_table = [&] {
    ++destroyed;
    table.Find("event");
    table.Remove("event");
    table.Remove(CallbackId{999});
    table.Add("late", Named("late"));
  };
  const auto named = [&] { return Named("a", use_table); };
  table.Add("event", named());
  table.Remove("event");
  CHECK(destroyed == 1);
  table.Remove(table.Add("event", named())->id);
  CHECK(destroyed == 2);
  table.Remove(table.AddAny(named()));
  CHECK(destroyed == 3);
  table.Remove(table.SetRaw(named()));
  CHECK(destroyed == 4);
  table.SetRaw(named());
  table.SetRaw(Named("b"));
  CHECK(destroyed == 5);
  table.Add("event", named());
  table.AddAny(named());
  table.SetRaw(named());
  table.Close();
  CHECK(destroyed == 8);
  table.Add("event", named());
  table.AddAny(named());
  table.SetRaw(named());
  CHECK(destroyed == 11);
}

TEST_CASE("Concurrent look-ups see complete lists while other threads add and remove callbacks") {
  constexpr int rounds = 2000;
  EventTable table;
  std::atomic<bool> done = false;
  std::atomic<int> errors = 0, alive = 0;
  std::latch started(5);
  const auto counted = [&] {
    ++alive;
    return Named("a", [&] { --alive; });
  };
  const auto find_all = [&] {
    started.arrive_and_wait();
    while (!done) {
      for (const auto& list : {table.Find("event"), table.Any(), table.Raw()}) {
        if (!list) continue;
        CallbackId last = CallbackId::None;
        for (const auto& one : *list) {
          if (one->id <= last || *ResultOf(one->callback).AsValue() != "a") ++errors;
          last = one->id;
        }
      }
    }
  };
  const auto add_and_remove = [&](bool by_id) {
    started.arrive_and_wait();
    for (int round = 0; round < rounds; ++round) {
      const auto registration = table.Add("event", counted());
      const CallbackId any = table.AddAny(counted());
      const CallbackId raw = table.SetRaw(counted());
      if (by_id) table.Remove(registration->id);
      if (!by_id && round % 8 == 0) table.Remove("event");
      table.Remove(any);
      table.Remove(raw);
    }
  };
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(find_all);
    { const std::jthread by_id(add_and_remove, true), by_event(add_and_remove, false); }
    done = true;
  }
  CHECK(errors == 0);
  CHECK(table.Any() == nullptr);
  table.Close();
  CHECK(alive == 0);
}
