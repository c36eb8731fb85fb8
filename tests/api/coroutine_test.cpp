// Callbacks that are coroutines, and coroutines that wait elsewhere.
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::Reply;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;

namespace {

asio::awaitable<void> Pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> PauseForEver() {
  asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

Options On(ws::CallbackThread thread) {
  return Options{.callback_thread = thread};
}

}  // namespace

TEST_CASE("coroutine callbacks are awaited in order, and what they return is the reply") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Journal journal;
  MemorySession session(On(thread));
  session.socket.On("slow", [&](Handler&, const Json& data) -> asio::awaitable<Json> {
    journal.Add("begin " + data.dump());
    co_await Pause(5ms);
    journal.Add("end " + data.dump());
    co_return data;
  });
  session.socket.On("quick", [&] { journal.Add("quick"); });
  session.Open();
  session.peer.Send("slow", 1, 1);
  session.peer.Send("quick");
  session.peer.Send("slow", 2, 2);
  CHECK(journal.WaitFor(5) == std::vector<std::string>{"begin 1", "end 1", "quick", "begin 2", "end 2"});
  CHECK(session.peer.Receive()["data"] == 1);
  CHECK(session.peer.Receive()["data"] == 2);
}

TEST_CASE("a coroutine that throws or returns a Failure answers with an error") {
  Options options;
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(std::move(options));
  session.socket.On("throw", [](Handler&) -> asio::awaitable<void> {
    co_await Pause(1ms);
    throw std::runtime_error("secret");
  });
  session.socket.On("fail", [](Handler&) -> asio::awaitable<ws::Failure> {
    co_await Pause(1ms);
    ws::Failure failure{"not_found", "it is not there"};
    co_return failure;
  });
  session.Open();
  session.peer.Send("throw", nullptr, 1);
  const Json thrown = session.peer.Receive();
  CHECK(thrown["error"]["code"] == "internal");
  CHECK(thrown.dump().find("secret") == std::string::npos);
  session.peer.Send("fail", nullptr, 2);
  CHECK(session.peer.Receive()["error"]["code"] == "not_found");
}

TEST_CASE("at the end a waiting coroutine is cancelled with operation_aborted, and then comes disconnect") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  const bool ours = GENERATE(false, true);
  Journal journal;
  MemorySession session(On(thread));
  session.socket.On("wait", [&](Handler&) -> asio::awaitable<void> {
    journal.Add("wait");
    try {
      co_await PauseForEver();
    } catch (const boost::system::system_error& error) {
      journal.Add(error.code() == asio::error::operation_aborted ? "aborted" : "failed");
    }
  });
  session.socket.On(
      "beside", [&](Handler&) -> asio::awaitable<void> { co_await PauseForEver(); }, ws::Order::Concurrent);
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  session.peer.Send("beside");
  session.peer.Send("wait");
  journal.WaitFor(1);
  if (ours) session.socket.Close();
  session.peer.Close();
  CHECK(journal.WaitFor(3) == std::vector<std::string>{"wait", "aborted", "disconnect"});
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
}

TEST_CASE("CloseAsync works inside a callback, ClosedAsync there would deadlock and says so") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Journal journal;
  MemorySession session(On(thread));
  session.socket.On("end", [&](Handler& peer) -> asio::awaitable<void> {
    const Error early = co_await peer.ClosedAsync();
    journal.Add(early == Errc::WouldDeadlock ? "would_deadlock" : "waited");
    co_await Pause(1ms);
    const Error resumed = co_await peer.ClosedAsync();
    journal.Add(resumed == Errc::WouldDeadlock ? "would_deadlock" : "waited");
    const Error closed = co_await peer.CloseAsync(4000);
    journal.Add(closed ? "failed" : "closed");
  });
  session.socket.On("disconnect", [&](Handler& peer) -> asio::awaitable<void> {
    const Error late = co_await peer.ClosedAsync();
    journal.Add(late == Errc::WouldDeadlock ? "would_deadlock" : "waited");
  });
  session.Open();
  session.peer.Send("end");
  CHECK(session.peer.ReceiveClose().code == 4000);
  session.peer.SendClose(4000);
  const auto entries = journal.WaitFor(3);
  CHECK(entries[0] == "would_deadlock");
  CHECK(entries[1] == "would_deadlock");
  // The end cancels the callback: CloseAsync may have completed before that, or not.
  CHECK_FALSE(Get(session.Start(session.socket.ClosedAsync())));
  CHECK(journal.Entries().back() == "would_deadlock");
}

TEST_CASE("a coroutine callback may await a reply, room in the queue, and the end of another connection") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  MemorySession other;
  other.Open();
  MemorySession session(On(thread));
  session.socket.On("ask", [&](Handler& peer, const Json&) -> asio::awaitable<Json> {
    const Json question = {{"a", 1}};
    const Reply reply = co_await peer.RequestAsync("question", question);
    const Error emitted = co_await peer.EmitAsync("thanks");
    const Error closed = co_await other.socket.ClosedAsync();
    Json answer = {{"reply", reply.data}, {"emitted", !emitted}, {"closed", !closed}};
    co_return answer;
  });
  session.Open();
  session.peer.Send("ask", nullptr, "outer");
  const Json question = session.peer.Receive();
  CHECK(question["event"] == "question");
  CHECK(question["data"] == Json{{"a", 1}});
  session.peer.Send("$ack", "yes", question["id"]);
  CHECK(session.peer.Receive()["event"] == "thanks");
  other.peer.Cut();
  const Json answer = session.peer.Receive();
  CHECK(answer["id"] == "outer");
  CHECK(answer["data"] == Json{{"reply", "yes"}, {"emitted", true}, {"closed", true}});
}

TEST_CASE("the message and the handle live until the coroutine has returned") {
  MemorySession session;
  std::promise<std::string> seen;
  session.socket.On("x", [&](Handler& peer, const ws::Message& message) -> asio::awaitable<void> {
    peer.Off("x");
    co_await Pause(2ms);
    seen.set_value(std::string(message.Event()) + message.Data().dump());
  });
  session.Open();
  session.peer.Send("x", {1, 2, 3});
  session.peer.Send("x", {1, 2, 3});
  CHECK(Get(seen.get_future()) == "x[1,2,3]");
}

TEST_CASE("of those who wait for room when Close is called, nobody overtakes another") {
  constexpr std::size_t many = 1000;
  for (std::size_t round = 0; round < 20; ++round) {
    MemorySession session(Options{.max_outbound_messages = 4});
    session.Open();
    asio::io_context context(1);
    std::vector<Error> results(many, Errc::TimedOut);
    std::atomic<std::size_t> done = 0;
    for (Error& result : results) {
      auto emit = [](Handler socket, Error& mine, std::atomic<std::size_t>& count) -> asio::awaitable<void> {
        mine = co_await socket.EmitAsync("x");
        ++count;
      };
      asio::co_spawn(context, emit(session.socket, result, done), asio::detached);
    }
    std::thread reader([&] { session.peer.ReceiveClose(); });
    std::thread thread([&] { context.run(); });
    while (done < 100 + round * 15) std::this_thread::yield();
    session.socket.Close();
    thread.join();
    reader.join();
    const auto refused = std::find(results.begin(), results.end(), Error(Errc::Closed));
    CHECK(std::all_of(results.begin(), refused, [](Error result) { return !result; }));
    CHECK(std::all_of(refused, results.end(), [](Error result) { return result == Errc::Closed; }));
  }
}
