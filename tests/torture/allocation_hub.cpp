// What a hub keeps of connections and of requests to many, where there was no memory for one of them.
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <vector>

#include "support/catch.hpp"
#include "torture/failing_new.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace ws::torture;
using ws::Handler;
using ws::Hub;
using ws::Options;

TEST_CASE("a Join without memory joins nothing, may be tried again, and leaves nothing behind") {
  asio::thread_pool pool(1);
  const bool again = GENERATE(false, true);
  for (long next = 1, reached = 1; reached != 0; ++next) {
    INFO("allocation " << next);
    Hub hub;
    const auto make = [&] { return Handler(Options{.executor = pool.get_executor(), .hub = hub}); };
    {
      Handler socket = make();
      const bool threw = Fails(next, [&] { socket.Join("g"); });
      reached = HasFailed();
      CHECK(hub.To("g").Count() == (threw ? 0 : 1));
      CHECK(hub.Groups().size() == hub.To("g").Count());
      if (again) {
        CHECK_FALSE(socket.Join("g"));
        CHECK(hub.To("g").Members() == std::vector{socket});
      }
      socket.Close();
    }
    CHECK(hub.Groups().empty());
    {
      std::vector<Handler> others;  // one of them at the first one's address, as likely as not
      for (int count = 0; count < 5; ++count) others.push_back(make());
      for (Handler& other : others) CHECK_FALSE(other.Join("g"));
      CHECK(hub.To("g").Count() == 5);
      for (Handler& other : others) other.Close();
    }
    CHECK(hub.Groups().empty());
  }
  pool.join();
}

TEST_CASE("a request of many that throws for want of memory has asked nobody, and calls nobody") {
  asio::thread_pool pool(1);
  std::atomic<int> told = 0;
  int due = 0;
  for (long next = 1, reached = 1; reached != 0; ++next) {
    Hub hub;
    std::vector<Handler> members;
    for (int count = 0; count < 2; ++count) {
      members.emplace_back(Options{.executor = pool.get_executor(), .hub = hub});
      CHECK_FALSE(members.back().Join("g"));
    }
    const bool threw =
        Fails(next, [&] { hub.To("g").Request("x", nullptr, [&](const std::vector<ws::GroupReply>&) { ++told; }); });
    reached = HasFailed();
    INFO("allocation " << next << ", threw " << threw);
    if (!threw) ++due;
    for (Handler& member : members) {
      CHECK(member.Stats().queued_messages == (threw ? 0U : 1U));
      member.Close();
    }
  }
  pool.join();
  CHECK(told == due);
}
