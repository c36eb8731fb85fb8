// Details of what the verbs promise that belong to no other file.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <string>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

TEST_CASE("a Failure too large for the write queue is replaced by a short one") {
  const std::string code = GENERATE(as<std::string>(), "mine", "internal");
  Options options{.max_outbound_bytes = 10'000};
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(options);
  session.socket.On("x", [code] { return ws::Failure{code, std::string(100'000, 'x')}; });
  session.Open();
  session.peer.Send("x", nullptr, 1);
  CHECK(session.peer.Receive()["error"] == Json{{"code", "internal"}, {"message", "the reply is too large"}});
  session.peer.Send("x");
  CHECK(session.peer.Receive()["data"] == Json{{"code", "internal"}, {"message", "the error is too large"}});
}

TEST_CASE("the text that disconnect reports is the text of the sent close frame") {
  MemorySession session;
  auto close_reason = CloseReasonOf(session.socket);
  session.Open();
  session.socket.Close(4000, std::string(300, 'x'));
  const auto sent = session.peer.ReceiveClose();
  session.peer.SendClose(4000);
  CHECK(sent.text.size() == 123);
  CHECK(Get(std::move(close_reason)).text == sent.text);
}

TEST_CASE("the text that disconnect reports is the text of the close frame that a client's Stop sent") {
  std::promise<CloseReason> server_reason, client_reason;
  TestServer server([&](Handler socket) {
    socket.OnTyped("disconnect", [&](const CloseReason& reason) { server_reason.set_value(reason); });
  });
  std::promise<void> connected;
  ws::Client client({.url = ws::test::UrlOf(server->Port())});
  client.On("connect", [&] { connected.set_value(); });
  client.OnTyped("disconnect", [&](const CloseReason& reason) { client_reason.set_value(reason); });
  client.Start();
  Get(connected.get_future());
  client.Stop(4000, std::string(300, 'x'));
  CHECK(Get(client_reason.get_future()).text == std::string(123, 'x'));
  CHECK(Get(server_reason.get_future()).text == std::string(123, 'x'));
}

TEST_CASE("messages that were lost with the transport are not counted as sent") {
  MemorySession session;
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Emit("n", std::string(50'000, 'x')));
  session.peer.DropConnection();
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  CHECK(session.socket.Stats().messages_out == 0);
}

TEST_CASE("a peer cannot inject control characters into the log") {
  std::mutex mutex;
  std::string logged;
  Options options;
  options.log = [&](const ws::LogRecord& record) {
    const std::lock_guard lock(mutex);
    for (const auto& field : record.fields) logged += field.value;
  };
  MemorySession session(options);
  session.socket.OnAny([](Handler&, const Message&) { throw std::runtime_error("x"); });
  session.Open();
  session.peer.SendText(R"({"event":"\n\u001b[2Jws: forged","id":1})");
  CHECK(session.peer.Receive()["error"]["code"] == "internal");
  const std::lock_guard lock(mutex);
  CHECK(logged.find("forged") != logged.npos);
  CHECK(logged.find_first_of("\n\x1b") == logged.npos);
}

TEST_CASE("a request made before Init fails at its deadline") {
  MemorySession session;
  std::promise<Reply> replied;
  session.socket.Request(
      "x", nullptr, [&](Reply reply) { replied.set_value(std::move(reply)); }, 20ms);
  CHECK(Get(replied.get_future()).error == Errc::TimedOut);
}

TEST_CASE("a ClosedAsync that a callback creates and another thread awaits completes") {
  asio::thread_pool others(1);
  std::promise<Error> result;
  MemorySession session;
  session.socket.On("x", [&](Handler& socket) {
    asio::co_spawn(others, socket.ClosedAsync(), [&](std::exception_ptr, Error error) { result.set_value(error); });
    socket.Close();
  });
  session.Open();
  session.peer.Send("x");
  session.peer.ReceiveClose();
  session.peer.SendClose();
  CHECK_FALSE(Get(result.get_future()));
  others.join();
}

TEST_CASE("replies that wait for a blocked pool count towards the inbound limit") {
  Latch latch;
  asio::thread_pool pool(1);
  asio::post(pool, [&] { latch.Wait(); });
  {
    MemorySession session(Options{.max_inbound_bytes = 1000, .executor = pool.get_executor()});
    session.Open();
    const std::string text(900, 'x');
    for (int count = 0; count < 10; ++count) session.socket.Request("x", nullptr, [](Reply) {});
    for (int count = 0; count < 10; ++count) session.peer.Send("$ack", text, session.peer.Receive()["id"]);
    session.peer.SendFrame(ws::protocol::Opcode::Ping, "heard?");
    // The reader stops at twice the limit, so it reads three replies and does not reach the ping after the tenth.
    std::promise<void> never;
    CHECK(never.get_future().wait_for(50ms) == std::future_status::timeout);
    CHECK(session.socket.Stats().messages_in == 3);
    latch.Release();
    CHECK(session.peer.ReceiveFrame().opcode == ws::protocol::Opcode::Pong);
    CHECK(session.socket.Stats().messages_in == 10);
  }
  pool.join();
}

TEST_CASE("Init may be cancelled at any time on a context of many threads") {
  for (int round = 0; round < 100; ++round) {
    asio::thread_pool context(3);
    ws::test::MemoryPair pair(context.get_executor());
    Options options{.executor = context.get_executor()};
    options.authorize = [](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
      for (int step = 0; step < 20; ++step) {
        asio::steady_timer timer(co_await asio::this_coro::executor, 10us);
        co_await timer.async_wait(asio::use_awaitable);
      }
      co_return ws::Authorization::Accept();
    };
    Handler socket(options);
    asio::cancellation_signal signal;
    const auto caller = asio::make_strand(context.get_executor());
    std::promise<void> done;
    auto finished = [&](std::exception_ptr, Error) { done.set_value(); };
    asio::co_spawn(caller, socket.Init(std::move(pair.first), ws::test::UpgradeRequest()),
                   asio::bind_cancellation_slot(signal.slot(), finished));
    asio::steady_timer pause(context, std::chrono::microseconds(round * 20));
    pause.async_wait([&](Error) { asio::post(caller, [&] { signal.emit(asio::cancellation_type::terminal); }); });
    Get(done.get_future());
    socket.Close();
    pair.second.close();
    context.join();
  }
}
