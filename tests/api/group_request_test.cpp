// Requests to many, and their replies.
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
#include "support/catch.hpp"
#include "support/patience.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Errc;
using ws::Handler;
using ws::Hub;
using ws::Json;
using ws::test::Get;
using ws::test::Rooms;

TEST_CASE("a request to a group collects every reply until the deadline") {
  Rooms rooms({"a", "a", "a"});
  const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
  rooms.hub().To("a").Request(
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
    if (member == rooms.socket(2)) {
      CHECK(reply.error == Errc::TimedOut);
    } else {
      CHECK(reply.data == (member == rooms.socket(0) ? 0 : 1));
      ++answered;
    }
  }
  CHECK(answered == 2);
}

TEST_CASE("a request to nobody has no replies, one that is no event has errors") {
  Rooms rooms({"a"});
  for (const std::string group : {"none", "a"}) {
    const auto promise = std::make_shared<std::promise<std::vector<ws::GroupReply>>>();
    rooms.hub().To(group).Request(
        "$x", nullptr, [promise](std::vector<ws::GroupReply> replies) { promise->set_value(std::move(replies)); });
    const auto replies = Get(promise->get_future());
    CHECK(replies.size() == (group == "a" ? 1 : 0));
    for (const auto& one : replies) CHECK(one.reply.error == Errc::InvalidEvent);
  }
}

TEST_CASE("a request of many that is answered at once may be awaited on many threads") {
  Hub hub;
  Handler member({.hub = hub});
  member.Join("g");
  boost::asio::thread_pool pool(4);
  std::atomic<int> answered = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    boost::asio::co_spawn(pool, hub.To("g").RequestAsync("connect"),
                          [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                            if (replies.at(0).reply.error == Errc::InvalidEvent) ++answered;
                          });
  }
  pool.join();
  CHECK(answered == rounds);
}

TEST_CASE("a request of many that is cancelled is open no more") {
  Rooms rooms({"a"});
  rooms.socket(0);
  boost::asio::io_context context(1);
  for (int round = 0; round < 1100; ++round) {  // more than may be open
    boost::asio::cancellation_signal signal;
    bool cancelled = false;
    boost::asio::co_spawn(context, rooms.hub().Everybody().RequestAsync("never"),
                          boost::asio::bind_cancellation_slot(
                              signal.slot(), [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
                                cancelled = replies.at(0).reply.error == Errc::Cancelled;
                              }));
    boost::asio::post(context, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
    context.restart();
    context.run();
    CHECK(cancelled);
    rooms.socket(0).Emit("next");
    while (rooms.clients[0].Receive()["event"] != "next") continue;  // it may have left before it was cancelled
  }
}

TEST_CASE("a group request's callback that throws harms nobody, though nobody was asked") {
  std::promise<void> called;
  Hub().To("nobody").Request("x", nullptr, [&](const std::vector<ws::GroupReply>&) {
    called.set_value();
    throw std::runtime_error("mine");
  });
  Get(called.get_future());
}
