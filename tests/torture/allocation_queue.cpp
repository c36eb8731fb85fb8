// What a connection's queue and its requests keep, where there was no memory to queue one more.
#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/outgoing.hpp"
#include "torture/failing_new.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace ws::torture;
using ws::Handler;
using ws::Options;
using ws::Reply;
using ws::protocol::Admission;
using ws::protocol::Outgoing;
using ws::test::MakeOutgoing;

TEST_CASE("a message that there is no memory for does not count as queued") {
  ws::protocol::SendQueue<int> queue({8, 800});
  REQUIRE(queue.Emit(MakeOutgoing("1", 10)) == Admission::Queued);
  Outgoing second = MakeOutgoing("2", 10);
  REQUIRE(Fails(1, [&] { queue.Emit(std::move(second)); }));
  CHECK(HasFailed());
  CHECK(queue.Messages() == 1);
  CHECK(ws::test::Send(queue) == "1");
  CHECK(queue.Messages() == 0);
  CHECK(queue.Bytes() == 0);
}

TEST_CASE("nor does one of somebody who would wait count as waiting") {
  ws::protocol::SendQueue<int> queue({1, 800});
  REQUIRE(queue.Emit(MakeOutgoing("1", 10)) == Admission::Queued);
  int waiter = 1;
  REQUIRE(queue.EmitWhenRoom(MakeOutgoing("waits", 100), waiter, 1) == Admission::Waiting);
  Outgoing second = MakeOutgoing("2", 500);
  REQUIRE(Fails(1, [&] { queue.EmitWhenRoom(std::move(second), waiter, 2); }));
  CHECK(HasFailed());
  CHECK(queue.EmitWhenRoom(MakeOutgoing("3", 500), waiter, 3) == Admission::Waiting);
}

TEST_CASE("a Request that throws for want of memory has asked nothing, and calls nobody") {
  std::atomic<int> told = 0;
  int due = 0;
  asio::thread_pool pool(1);
  for (long next = 1, reached = 1; reached != 0; ++next) {
    Handler socket(Options{.executor = pool.get_executor()});
    const bool threw = Fails(next, [&] {
      socket.Request(
          "x", nullptr, [&](const Reply&) { ++told; }, 10s);
    });
    reached = HasFailed();
    INFO("allocation " << next << ", threw " << threw);
    if (!threw) ++due;
    CHECK(socket.Stats().queued_messages == (threw ? 0U : 1U));
    socket.Close();
  }
  pool.join();
  CHECK(told == due);
}

TEST_CASE("a request of many that is cancelled says so, though there is no memory to call off one of them") {
  asio::thread_pool pool(1);
  ws::Hub hub;
  Handler member(Options{.executor = pool.get_executor(), .hub = hub});
  member.Join("g");
  asio::io_context context(1);
  asio::cancellation_signal signal;
  bool told = false;
  asio::co_spawn(
      context, hub.To("g").RequestAsync("x"),
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, const std::vector<ws::GroupReply>& replies) {
        told = replies.at(0).reply.error == ws::Errc::Cancelled;
      }));
  context.poll();
  context.restart();
  CHECK_FALSE(Fails(1, [&] {
    signal.emit(asio::cancellation_type::terminal);
    context.run();
  }));
  CHECK(HasFailed());
  CHECK(told);
  pool.join();
}
