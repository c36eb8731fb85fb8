// Messages and verbs while a connection is closing.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

using ws::protocol::Opcode;

TEST_CASE("Close flushes the messages emitted before it, in order, and refuses later ones") {
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

TEST_CASE("messages that wait for a callback when we call Close are discarded, and so are later ones") {
  Latch entered, leave;
  Recorder recorder;
  MemorySession session;
  session.socket.On("first", [&](Handler& socket) {
    recorder.Add("first");
    entered.Release();
    leave.Wait();
    socket.Close();
    recorder.Add("closed");
  });
  session.socket.On("second", [&] { recorder.Add("second"); });
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  session.peer.Send("first");
  session.peer.Send("second");
  entered.Wait();
  session.peer.Send("second");
  leave.Release();
  CHECK(session.peer.ReceiveClose().code == 1000);
  session.peer.Send("second");
  session.peer.SendClose();
  CHECK(recorder.WaitFor(3) == std::vector<std::string>{"first", "closed", "disconnect"});
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  CHECK(recorder.Size() == 3);
}

TEST_CASE("a message that is read after Close has returned is discarded") {
  Latch busy;
  Recorder recorder;
  MemorySession session;
  session.socket.On("late", [&] { recorder.Add("late"); });
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  // The I/O thread reads the message before it processes Close.
  asio::post(session.Context(), [&busy] { busy.Wait(); });
  session.peer.Send("late");
  session.socket.Close();
  busy.Release();
  CHECK(session.peer.ReceiveClose().code == 1000);
  session.peer.SendClose();
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  CHECK(recorder.Entries() == std::vector<std::string>{"disconnect"});
}

TEST_CASE("messages that arrived before the peer's close are still handled, and disconnect comes last") {
  Latch leave;
  Recorder recorder;
  MemorySession session;
  session.socket.On("first", [&] {
    leave.Wait();
    recorder.Add("first");
  });
  session.socket.On("second", [&] { recorder.Add("second"); });
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  session.peer.Send("first");
  session.peer.Send("second");
  session.peer.Send("second");
  session.peer.SendClose();
  CHECK(session.peer.ReceiveClose().code == 1000);
  leave.Release();
  CHECK(recorder.WaitFor(4) == std::vector<std::string>{"first", "second", "second", "disconnect"});
}

TEST_CASE("messages that arrived before a protocol error are still handled") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("n", [&] { recorder.Add("n"); });
  session.socket.On("disconnect", [&](const Json& reason) { recorder.Add(reason["reason"]); });
  session.Open();
  session.peer.Send("n");
  session.peer.SendBytes("\xFF");
  CHECK(recorder.WaitFor(2) == std::vector<std::string>{"n", "protocol_error"});
}

TEST_CASE("Close may be called by many threads and repeatedly, and disconnect is called once") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  std::vector<std::thread> threads;
  for (int count = 0; count < 8; ++count) {
    threads.emplace_back([&session] {
      for (int again = 0; again < 100; ++again) session.socket.Close();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(session.peer.Close().code == 1000);
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  session.socket.Close();
  CHECK(recorder.Entries() == std::vector<std::string>{"disconnect"});
  CHECK(session.peer.ReceiveUntilEof().empty());
}

TEST_CASE("Close fails the EmitAsync calls that wait for room at once, before the flush is complete") {
  MemorySession session(Options{.max_outbound_messages = 4, .close_timeout = 60s, .flush_timeout = 60s});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  for (int count = 0; count < 6; ++count) waits.push_back(session.Spawn(session.socket.EmitAsync("x")));
  CHECK_FALSE(Get(std::move(waits[0])));
  session.socket.Close();
  CHECK(Get(std::move(waits[5])) == Errc::Closed);
}

TEST_CASE("CloseAsync completes when the transport has ended, and does not wait for callbacks") {
  Latch entered, leave;
  MemorySession session(Options{.close_timeout = 50ms});
  session.socket.On("block", [&] {
    entered.Release();
    leave.Wait();
  });
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.peer.Send("block");
  entered.Wait();
  CHECK_FALSE(Get(session.Spawn(session.socket.CloseAsync(4000))));
  CHECK(close_reason.wait_for(0ms) == std::future_status::timeout);
  leave.Release();
  CHECK(Get(std::move(close_reason)).code == 4000);
}

TEST_CASE("Close before Init ends the connection: Init returns closed, and the callbacks are destroyed") {
  MemorySession session;
  const auto captured = std::make_shared<int>();
  session.socket.On("x", [captured] {});
  session.socket.Close();
  CHECK(captured.use_count() == 1);
  CHECK(Get(session.Init()) == Errc::Closed);
  CHECK(session.socket.On("x", [] {}) == ws::CallbackId::None);
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
}

TEST_CASE("a connection that waits for its close timeout does not use CPU time") {
  // The test runs the context itself, so that it can count the handlers.
  asio::io_context context(1);
  asio::thread_pool pool(1);
  const bool is_slow_consumer = GENERATE(true, false);
  ws::test::MemoryPair pair(context.get_executor());
  Handler socket(Options{.ping_interval = 20ms,
                         .idle_timeout = is_slow_consumer ? 60s : 40ms,
                         .write_timeout = is_slow_consumer ? 40ms : 60s,
                         .close_timeout = 400ms,
                         .executor = pool.get_executor()});
  auto close_reason = CloseReasonOf(socket);
  auto opened =
      asio::co_spawn(context, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()), asio::use_future);
  while (opened.wait_for(0ms) != std::future_status::ready) context.run_one();
  pair.to_second->Block(true);
  CHECK_FALSE(socket.Emit("x"));
  std::size_t handlers = 0;
  while (context.run_one_for(wait_timeout) != 0) ++handlers;
  CHECK(Get(std::move(close_reason)).reason ==
        (is_slow_consumer ? EndReason::SlowConsumer : EndReason::HeartbeatTimeout));
  CHECK(handlers < 1000);
  pool.join();
}
