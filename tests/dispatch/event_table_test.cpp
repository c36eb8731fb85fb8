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

/// A callback that gives its name back, and calls `on_end` when it is destroyed.
CallbackPtr Named(
    std::string name, std::function<void()> on_end = [] {}) {
  const std::shared_ptr<void> end(nullptr, [on_end = std::move(on_end)](void*) { on_end(); });
  return MakeCallback<Peer>([name = std::move(name), end] { return name; });
}

std::string NamesOf(const std::shared_ptr<const Registrations>& list) {
  std::string names;
  if (!list) return names;
  for (const auto& one : *list) {
    names += (names.empty() ? "" : " ") + std::get<Json>(ResultOf(one->callback)).get<std::string>();
  }
  return names;
}

}  // namespace

TEST_CASE("Several callbacks hang on one event, in the order of registration") {
  EventTable table;
  for (const char* name : {"a", "b", "c"}) REQUIRE(table.Add("event", Named(name)));
  table.Add("other", Named("d"));
  CHECK(NamesOf(table.Find("event")) == "a b c");
  CHECK(NamesOf(table.Find("other")) == "d");
  CHECK(table.Find("none") == nullptr);
  CHECK(table.Find("even") == nullptr);
}

TEST_CASE("Each registration has a token of its own") {
  EventTable table;
  const CallbackId first = table.Add("event", Named("a"))->token;
  const CallbackId second = table.Add("event", Named("a"))->token;
  const CallbackId any = table.AddAny(Named("a"));
  const CallbackId raw = table.SetRaw(Named("a"));
  CHECK(first != CallbackId::None);
  CHECK((first != second && second != any && any != raw && raw != first));
}

TEST_CASE("A registration remembers how it may run") {
  EventTable table;
  CHECK(table.Add("event", Named("a"))->order == Order::Sequential);
  CHECK_FALSE(table.Add("event", Named("a"))->once);
  const auto registration = table.Add("event", Named("a"), Order::Concurrent, true);
  CHECK(registration->order == Order::Concurrent);
  CHECK(registration->once);
  CHECK_FALSE(registration->fired);
}

TEST_CASE("Off takes away all of an event's callbacks, or the one of a token") {
  EventTable table;
  table.Add("event", Named("a"));
  const CallbackId b = table.Add("event", Named("b"))->token;
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

TEST_CASE("An event without callbacks is not in the table") {
  EventTable table;
  table.Remove(table.Add("event", Named("a"))->token);
  CHECK(table.Find("event") == nullptr);
}

TEST_CASE("OnAny's and OnMessage's callbacks are taken away by their tokens too") {
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

TEST_CASE("A second OnMessage replaces the first") {
  EventTable table;
  bool ended = false;
  const CallbackId first = table.SetRaw(Named("a", [&] { ended = true; }));
  table.SetRaw(Named("b"));
  CHECK(ended);
  table.Remove(first);
  CHECK(NamesOf(table.Raw()) == "b");
}

TEST_CASE("A dispatch under way keeps its own list") {
  EventTable table;
  table.Add("event", Named("a"));
  const auto list = table.Find("event");
  table.Add("event", Named("b"));
  CHECK(NamesOf(list) == "a");
  table.Remove("event");
  CHECK(NamesOf(list) == "a");
}

TEST_CASE("Close drops every callback, and stores nothing afterwards") {
  EventTable table;
  int ended = 0;
  const auto count = [&] { ++ended; };
  table.Add("event", Named("a", count));
  table.AddAny(Named("b", count));
  table.SetRaw(Named("c", count));
  table.Close();
  CHECK(ended == 3);
  CHECK(table.Find("event") == nullptr);
  CHECK(table.Any() == nullptr);
  CHECK(table.Raw() == nullptr);
  CHECK(table.Add("event", Named("d", count)) == nullptr);
  CHECK(table.AddAny(Named("e", count)) == CallbackId::None);
  CHECK(table.SetRaw(Named("f", count)) == CallbackId::None);
  CHECK(ended == 6);
  table.Remove("event");
  table.Close();
}

TEST_CASE("No callback is destroyed under the lock: its destructor may call the table") {
  EventTable table;
  int ended = 0;
  const auto use_table = [&] {
    ++ended;
    table.Find("event");
    table.Remove("event");
    table.Remove(CallbackId{999});
    table.Add("late", Named("late"));
  };
  const auto named = [&] { return Named("a", use_table); };
  table.Add("event", named());
  table.Remove("event");
  CHECK(ended == 1);
  table.Remove(table.Add("event", named())->token);
  CHECK(ended == 2);
  table.Remove(table.AddAny(named()));
  CHECK(ended == 3);
  table.Remove(table.SetRaw(named()));
  CHECK(ended == 4);
  table.SetRaw(named());
  table.SetRaw(Named("b"));
  CHECK(ended == 5);
  table.Add("event", named());
  table.AddAny(named());
  table.SetRaw(named());
  table.Close();
  CHECK(ended == 8);
  table.Add("event", named());
  table.AddAny(named());
  table.SetRaw(named());
  CHECK(ended == 11);
}

TEST_CASE("Look-ups from many threads see whole lists while others register and take away") {
  constexpr int rounds = 2000;
  EventTable table;
  std::atomic<bool> done = false;
  std::atomic<int> broken = 0, alive = 0;
  std::latch started(5);
  const auto counted = [&] {
    ++alive;
    return Named("a", [&] { --alive; });
  };
  const auto look_up = [&] {
    started.arrive_and_wait();
    while (!done) {
      for (const auto& list : {table.Find("event"), table.Any(), table.Raw()}) {
        if (!list) continue;
        CallbackId last = CallbackId::None;
        for (const auto& one : *list) {
          if (one->token <= last || std::get<Json>(ResultOf(one->callback)) != "a") ++broken;
          last = one->token;
        }
      }
    }
  };
  const auto change = [&](bool by_token) {
    started.arrive_and_wait();
    for (int round = 0; round < rounds; ++round) {
      const auto registration = table.Add("event", counted());
      const CallbackId any = table.AddAny(counted());
      const CallbackId raw = table.SetRaw(counted());
      if (by_token) table.Remove(registration->token);
      if (!by_token && round % 8 == 0) table.Remove("event");
      table.Remove(any);
      table.Remove(raw);
    }
  };
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(look_up);
    { const std::jthread by_token(change, true), by_event(change, false); }
    done = true;
  }
  CHECK(broken == 0);
  CHECK(table.Any() == nullptr);
  table.Close();
  CHECK(alive == 0);
}
