// Requests to the members of a group, and their replies.
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/rooms.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::Hub;
using ws::test::Rooms;

TEST_CASE("a request to a group collects every reply until the deadline") {
  Rooms rooms({"a", "a", "a"});
  const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
  rooms.ServerHub().To("a").Request(
      "who", nullptr, [promise](std::vector<ws::GroupReply> replies) { promise->set_value(std::move(replies)); },
      300ms);
  for (std::size_t index = 0; index < 2; ++index) {
    const Json question = rooms.clients[index].Receive();
    CHECK(question["event"] == "who");
    rooms.clients[index].Send("$ack", index, question["id"]);
  }
  std::size_t answered = 0;
  const auto replies = Get(promise->get_future());
  CHECK(replies.size() == 3);
  for (const auto& [member, reply] : replies) {
    if (member == rooms.Socket(2)) {
      CHECK(reply.error == Errc::TimedOut);
    } else {
      CHECK(reply.data == (member == rooms.Socket(0) ? 0 : 1));
      ++answered;
    }
  }
  CHECK(answered == 2);
}

TEST_CASE("a request to an empty group has no replies, and one with an invalid event has an error for each member") {
  Rooms rooms({"a"});
  for (const std::string group : {"none", "a"}) {
    const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
    rooms.ServerHub().To(group).Request(
        "$x", nullptr, [promise](std::vector<ws::GroupReply> replies) { promise->set_value(std::move(replies)); });
    const auto replies = Get(promise->get_future());
    CHECK(replies.size() == (group == "a" ? 1 : 0));
    for (const auto& one : replies) CHECK(one.reply.error == Errc::InvalidEvent);
  }
}

TEST_CASE("a group request that completes at once may be awaited on many threads") {
  Hub hub;
  Handler member({.hub = hub});
  member.Join("g");
  asio::thread_pool pool(4);
  std::atomic<int> answered = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    asio::co_spawn(pool, hub.To("g").RequestAsync("connect"),
                   [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                     if (replies.at(0).reply.error == Errc::InvalidEvent) ++answered;
                   });
  }
  pool.join();
  CHECK(answered == rounds);
}

TEST_CASE("a cancelled group request no longer counts as an open request") {
  Rooms rooms({"a"});
  rooms.Socket(0);
  asio::io_context context(1);
  for (int round = 0; round < 1100; ++round) {  // more than max_open_requests
    asio::cancellation_signal signal;
    bool cancelled = false;
    asio::co_spawn(context, rooms.ServerHub().Everybody().RequestAsync("never"),
                   asio::bind_cancellation_slot(signal.slot(),
                                                [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                                                  cancelled = replies.at(0).reply.error == Errc::Cancelled;
                                                }));
    asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
    context.restart();
    context.run();
    CHECK(cancelled);
    rooms.Socket(0).Emit("next");
    while (rooms.clients[0].Receive()["event"] != "next")
      continue;  // the request may have been sent before it was cancelled
  }
}

TEST_CASE("an exception from the callback of a request to an empty group is caught") {
  std::promise<void> called;
  Hub().To("nobody").Request("x", nullptr, [&](const std::vector<ws::GroupReply>&) {
    called.set_value();
    throw std::runtime_error("mine");
  });
  Get(called.get_future());
}
