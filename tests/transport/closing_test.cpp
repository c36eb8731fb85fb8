// What becomes of messages and verbs while a connection closes.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

using namespace std::chrono_literals;
using ws::Errc;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::protocol::Opcode;
using ws::test::Door;
using ws::test::EndOf;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;

TEST_CASE("Close flushes what was emitted before it, in order, and refuses what comes after") {
  MemorySession session;
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 100; ++number) CHECK_FALSE(session.socket.Emit("n", number));
  session.socket.Close();
  CHECK(session.socket.Emit("late") == Errc::Closed);
  CHECK(session.socket.EmitVolatile("late") == Errc::Closed);
  CHECK(session.socket.EmitBinary("late", nullptr, "b") == Errc::Closed);
  CHECK(session.socket.Send("late") == Errc::Closed);
  session.BlockWrites(false);
  for (int number = 0; number < 100; ++number) CHECK(session.peer.Receive()["data"] == number);
  CHECK(session.peer.ReceiveFrame().opcode == Opcode::Close);
}

TEST_CASE("messages that wait for a callback when we close are discarded, and those that come later too") {
  Door entered, leave;
  Journal journal;
  MemorySession session;
  session.socket.On("first", [&](Handler& peer) {
    journal.Add("first");
    entered.Open();
    leave.Pass();
    peer.Close();
    journal.Add("closed");
  });
  session.socket.On("second", [&] { journal.Add("second"); });
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  session.peer.Send("first");
  session.peer.Send("second");
  entered.Pass();
  session.peer.Send("second");
  leave.Open();
  CHECK(session.peer.ReceiveClose().code == 1000);
  session.peer.Send("second");
  session.peer.SendClose();
  CHECK(journal.WaitFor(3) == std::vector<std::string>{"first", "closed", "disconnect"});
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
  CHECK(journal.Size() == 3);
}

TEST_CASE("a message that is read after Close has returned is not handled") {
  Door busy;
  Journal journal;
  MemorySession session;
  session.socket.On("late", [&] { journal.Add("late"); });
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  // The I/O thread finds the message before it finds out about Close.
  boost::asio::post(session.Context(), [&busy] { busy.Pass(); });
  session.peer.Send("late");
  session.socket.Close();
  busy.Open();
  CHECK(session.peer.ReceiveClose().code == 1000);
  session.peer.SendClose();
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
  CHECK(journal.Entries() == std::vector<std::string>{"disconnect"});
}

TEST_CASE("after the peer's close its messages are still handled, and disconnect comes last") {
  Door leave;
  Journal journal;
  MemorySession session;
  session.socket.On("first", [&] {
    leave.Pass();
    journal.Add("first");
  });
  session.socket.On("second", [&] { journal.Add("second"); });
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  session.peer.Send("first");
  session.peer.Send("second");
  session.peer.Send("second");
  session.peer.SendClose();
  CHECK(session.peer.ReceiveClose().code == 1000);
  leave.Open();
  CHECK(journal.WaitFor(4) == std::vector<std::string>{"first", "second", "second", "disconnect"});
}

TEST_CASE("after an error the messages before it are still handled") {
  Journal journal;
  MemorySession session;
  session.socket.On("n", [&] { journal.Add("n"); });
  session.socket.On("disconnect", [&](const Json& reason) { journal.Add(reason["reason"]); });
  session.Open();
  session.peer.Send("n");
  session.peer.SendBytes("\xFF");
  CHECK(journal.WaitFor(2) == std::vector<std::string>{"n", "protocol_error"});
}

TEST_CASE("Close may be called by many at once and again, and disconnect comes once") {
  Journal journal;
  MemorySession session;
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  std::vector<std::thread> threads;
  for (int count = 0; count < 8; ++count) {
    threads.emplace_back([&session] {
      for (int again = 0; again < 100; ++again) session.socket.Close();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(session.peer.Close().code == 1000);
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
  session.socket.Close();
  CHECK(journal.Entries() == std::vector<std::string>{"disconnect"});
  CHECK(session.peer.ReceiveEnd().empty());
}

TEST_CASE("Close fails those who wait for room at once, though the flush still goes on") {
  MemorySession session(Options{.max_outbound_messages = 4, .close_timeout = 60s, .flush_timeout = 60s});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<ws::Error>> waits;
  for (int count = 0; count < 6; ++count) waits.push_back(session.Start(session.socket.EmitAsync("x")));
  CHECK_FALSE(Get(std::move(waits[0])));
  session.socket.Close();
  CHECK(Get(std::move(waits[5])) == Errc::Closed);
}

TEST_CASE("CloseAsync completes when the transport has ended and waits for no callback") {
  Door entered, leave;
  MemorySession session(Options{.close_timeout = 50ms});
  session.socket.On("block", [&] {
    entered.Open();
    leave.Pass();
  });
  auto end = EndOf(session.socket);
  session.Open();
  session.peer.Send("block");
  entered.Pass();
  CHECK_FALSE(Get(session.Start(session.socket.CloseAsync(4000))));
  CHECK(end.wait_for(0ms) == std::future_status::timeout);
  leave.Open();
  CHECK(Get(std::move(end)).code == 4000);
}

TEST_CASE("a close before Init ends the handle: Init says closed and callbacks are gone") {
  MemorySession session;
  const auto captured = std::make_shared<int>();
  session.socket.On("x", [captured] {});
  session.socket.Close();
  CHECK(captured.use_count() == 1);
  CHECK(Get(session.Init()) == Errc::Closed);
  CHECK(session.socket.On("x", [] {}) == ws::CallbackId::None);
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
}

TEST_CASE("a connection that waits to be closed does not keep its thread busy") {
  // The context is run by hand, so that the handlers can be counted.
  boost::asio::io_context context(1);
  boost::asio::thread_pool pool(1);
  const bool slow = GENERATE(true, false);
  ws::test::MemoryPair pair(context.get_executor());
  Handler socket(Options{.ping_interval = 20ms,
                         .idle_timeout = slow ? 60s : 40ms,
                         .write_timeout = slow ? 40ms : 60s,
                         .close_timeout = 400ms,
                         .executor = pool.get_executor()});
  auto end = EndOf(socket);
  auto opened = boost::asio::co_spawn(context, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()),
                                      boost::asio::use_future);
  while (opened.wait_for(0ms) != std::future_status::ready) context.run_one();
  pair.to_second->Block(true);
  CHECK_FALSE(socket.Emit("x"));
  std::size_t handlers = 0;
  while (context.run_one_for(ws::test::patience) != 0) ++handlers;
  CHECK(Get(std::move(end)).reason == (slow ? ws::EndReason::SlowConsumer : ws::EndReason::HeartbeatTimeout));
  CHECK(handlers < 1000);
  pool.join();
}
