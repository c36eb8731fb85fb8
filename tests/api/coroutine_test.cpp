// Coroutine callbacks, and the asynchronous verbs on other contexts.
#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/coroutines.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

using ws::test::SleepAsync;
using ws::test::WaitForeverAsync;

namespace {

Options OptionsFor(ws::CallbackThread thread) {
  return Options{.callback_thread = thread};
}

}  // namespace

TEST_CASE("coroutine callbacks are awaited in order, and their return value is the reply") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Recorder recorder;
  MemorySession session(OptionsFor(thread));
  session.socket.On("slow", [&](Handler&, const Json& data) -> asio::awaitable<Json> {
    recorder.Add("begin " + data.dump());
    co_await SleepAsync(5ms);
    recorder.Add("end " + data.dump());
    co_return data;
  });
  session.socket.On("quick", [&] { recorder.Add("quick"); });
  session.Open();
  session.peer.Send("slow", 1, 1);
  session.peer.Send("quick");
  session.peer.Send("slow", 2, 2);
  CHECK(recorder.WaitFor(5) == std::vector<std::string>{"begin 1", "end 1", "quick", "begin 2", "end 2"});
  CHECK(session.peer.Receive()["data"] == 1);
  CHECK(session.peer.Receive()["data"] == 2);
}

TEST_CASE("a coroutine callback that throws or returns a Failure answers with an error") {
  Options options;
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(std::move(options));
  session.socket.On("throw", [](Handler&) -> asio::awaitable<void> {
    co_await SleepAsync(1ms);
    throw std::runtime_error("secret");
  });
  session.socket.On("fail", [](Handler&) -> asio::awaitable<ws::Failure> {
    co_await SleepAsync(1ms);
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

TEST_CASE(
    "when the connection ends, a waiting coroutine callback is cancelled with operation_aborted before disconnect") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  const bool close_locally = GENERATE(false, true);
  Recorder recorder;
  MemorySession session(OptionsFor(thread));
  session.socket.On("wait", [&](Handler&) -> asio::awaitable<void> {
    recorder.Add("wait");
    try {
      co_await WaitForeverAsync();
    } catch (const boost::system::system_error& error) {
      recorder.Add(error.code() == asio::error::operation_aborted ? "aborted" : "failed");
    }
  });
  session.socket.On(
      "beside", [&](Handler&) -> asio::awaitable<void> { co_await WaitForeverAsync(); }, ws::Order::Concurrent);
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  session.peer.Send("beside");
  session.peer.Send("wait");
  recorder.WaitFor(1);
  if (close_locally) session.socket.Close();
  session.peer.Close();
  CHECK(recorder.WaitFor(3) == std::vector<std::string>{"wait", "aborted", "disconnect"});
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
}

TEST_CASE("CloseAsync works inside a callback, and ClosedAsync returns would_deadlock there") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Recorder recorder;
  MemorySession session(OptionsFor(thread));
  session.socket.On("end", [&](Handler& socket) -> asio::awaitable<void> {
    const Error early = co_await socket.ClosedAsync();
    recorder.Add(early == Errc::WouldDeadlock ? "would_deadlock" : "waited");
    co_await SleepAsync(1ms);
    const Error resumed = co_await socket.ClosedAsync();
    recorder.Add(resumed == Errc::WouldDeadlock ? "would_deadlock" : "waited");
    const Error closed = co_await socket.CloseAsync(4000);
    recorder.Add(closed ? "failed" : "closed");
  });
  session.socket.On("disconnect", [&](Handler& socket) -> asio::awaitable<void> {
    const Error late = co_await socket.ClosedAsync();
    recorder.Add(late == Errc::WouldDeadlock ? "would_deadlock" : "waited");
  });
  session.Open();
  session.peer.Send("end");
  CHECK(session.peer.ReceiveClose().code == 4000);
  session.peer.SendClose(4000);
  const auto entries = recorder.WaitFor(3);
  CHECK(entries[0] == "would_deadlock");
  CHECK(entries[1] == "would_deadlock");
  // The end of the connection cancels the callback, possibly before CloseAsync has completed.
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  CHECK(recorder.Entries().back() == "would_deadlock");
}

TEST_CASE("a coroutine callback may await a reply, room in the queue, and the end of another connection") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  MemorySession other;
  other.Open();
  MemorySession session(OptionsFor(thread));
  session.socket.On("ask", [&](Handler& socket, const Json&) -> asio::awaitable<Json> {
    const Json question = {{"a", 1}};
    const Reply reply = co_await socket.RequestAsync("question", question);
    const Error emitted = co_await socket.EmitAsync("thanks");
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
  other.peer.DropConnection();
  const Json answer = session.peer.Receive();
  CHECK(answer["id"] == "outer");
  CHECK(answer["data"] == Json{{"reply", "yes"}, {"emitted", true}, {"closed", true}});
}

TEST_CASE("the message and the handle stay valid until the coroutine callback has returned") {
  MemorySession session;
  std::promise<std::string> seen;
  session.socket.On("x", [&](Handler& socket, const Message& message) -> asio::awaitable<void> {
    socket.Off("x");
    co_await SleepAsync(2ms);
    seen.set_value(std::string(message.Event()) + message.Data().dump());
  });
  session.Open();
  session.peer.Send("x", {1, 2, 3});
  session.peer.Send("x", {1, 2, 3});
  CHECK(Get(seen.get_future()) == "x[1,2,3]");
}

TEST_CASE(
    "when Close is called, the EmitAsync calls that wait for room succeed in order up to one, and the rest fail") {
  constexpr std::size_t emit_count = 1000;
  for (std::size_t round = 0; round < 20; ++round) {
    MemorySession session(Options{.max_outbound_messages = 4});
    session.Open();
    asio::io_context context(1);
    std::vector<Error> results(emit_count, Errc::TimedOut);
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
