// Callbacks of a Handler on an open connection.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "ws/ws.hpp"

namespace {

using Names = std::vector<std::string>;

// Sends a request from the client, and returns the data or the error of the reply.
Json RequestFromPeer(MemorySession& session, std::string_view event, const Json& data = nullptr) {
  session.peer.Send(event, data, "id");
  Json reply = session.peer.Receive();
  CHECK(reply["event"] == "$ack");
  CHECK(reply["id"] == "id");
  return reply.contains("error") ? reply["error"] : reply.value("data", Json());
}

}  // namespace

TEST_CASE("a callback of each of the five shapes is called, and its return value is the reply") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  MemorySession session(Options{.callback_thread = thread});
  const auto owned = std::make_unique<int>(7);
  session.socket.On("socket and data", [](Handler& socket, const Json& data) {
    return Json{socket.IsConnected(), data};
  });
  session.socket.On("data", [](const Json& data) { return data; });
  session.socket.On("socket", [](Handler& socket) { return socket.Id(); });
  session.socket.On("nothing", [copy = std::make_unique<int>(*owned)] { return *copy; });
  session.socket.On("message", [](Handler&, const Message& message) {
    return std::string(message.Event()) + "|" + std::string(message.Id()) + "|" + std::string(message.RawData());
  });
  session.socket.On("void", [] {});
  session.Open();
  CHECK(RequestFromPeer(session, "socket and data", 5) == Json{true, 5});
  CHECK(RequestFromPeer(session, "data", "text") == "text");
  CHECK(RequestFromPeer(session, "socket") == session.socket.Id());
  CHECK(RequestFromPeer(session, "nothing") == 7);
  CHECK(RequestFromPeer(session, "message", {{"a", 1}}) == R"(message|"id"|{"a":1})");
  CHECK(RequestFromPeer(session, "void").is_null());
  CHECK(RequestFromPeer(session, "unknown")["code"] == "unknown_event");
}

TEST_CASE(
    "the callbacks of an event run in registration order, OnAny last, and the first returned value is the reply") {
  Recorder recorder;
  MemorySession session;
  session.socket.OnAny([&](Handler&, const Message& message) {
    recorder.Add("any " + std::string(message.Event()));
    return "any";
  });
  session.socket.On("x", [&] { recorder.Add("first"); });
  session.socket.On("x", [&] {
    recorder.Add("second");
    return 2;
  });
  session.socket.On("x", [&] {
    recorder.Add("third");
    return 3;
  });
  session.Open();
  CHECK(RequestFromPeer(session, "x") == 2);
  CHECK(RequestFromPeer(session, "y") == "any");
  CHECK(recorder.Entries() == Names{"first", "second", "third", "any x", "any y"});
}

TEST_CASE("if a callback throws, the reply is the error internal, and the remaining callbacks still run") {
  Recorder recorder;
  Options options;
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(std::move(options));
  session.socket.On("x", [] { return 1; });
  session.socket.On("x", []() { throw std::runtime_error("secret"); });
  session.socket.On("x", [&] { recorder.Add("last"); });
  session.Open();
  const Json error = RequestFromPeer(session, "x");
  CHECK(error["code"] == "internal");
  CHECK(error.dump().find("secret") == std::string::npos);
  CHECK(recorder.Size() == 1);
}

TEST_CASE("a Failure is the error of the reply, or an error event if the message has no id") {
  MemorySession session;
  session.socket.On("x", [] { return ws::Failure{"not_found", "it is not there"}; });
  session.Open();
  CHECK(RequestFromPeer(session, "x") == Json{{"code", "not_found"}, {"message", "it is not there"}});
  session.peer.Send("x");
  const Json event = session.peer.Receive();
  CHECK(event["event"] == "error");
  CHECK(event["data"]["code"] == "not_found");
  CHECK(event["data"]["event"] == "x");
}

TEST_CASE("Off removes the callbacks of an event or the one with an id, and Once runs once") {
  Recorder recorder;
  MemorySession session;
  const ws::CallbackId one = session.socket.On("x", [&] { recorder.Add("one"); });
  session.socket.On("x", [&] { recorder.Add("two"); });
  session.socket.Once("x", [&] { recorder.Add("once"); });
  const ws::CallbackId any = session.socket.OnAny([&] { recorder.Add("any"); });
  CHECK(one != ws::CallbackId::None);
  session.Open();
  RequestFromPeer(session, "x");
  session.socket.Off(one);
  session.socket.Off(any);
  session.socket.Off(ws::CallbackId::None);
  RequestFromPeer(session, "x");
  session.socket.Off("x");
  CHECK(RequestFromPeer(session, "x")["code"] == "unknown_event");
  CHECK(recorder.Entries() == Names{"one", "two", "once", "any", "two"});
}

TEST_CASE("a callback may remove itself, register others, and close the connection") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("x", [&, kept = std::make_shared<std::string>("kept")](Handler& socket) {
    socket.Off("x");
    socket.On("x", [&](Handler& again) {
      recorder.Add("other");
      again.Close();
    });
    recorder.Add(*kept);
  });
  session.Open();
  RequestFromPeer(session, "x");
  session.peer.Send("x");
  CHECK(session.peer.ReceiveClose().code == 1000);
  CHECK(recorder.Entries() == Names{"kept", "other"});
}

TEST_CASE("a connect callback that is registered late is still called, once and before disconnect") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Recorder recorder;
  MemorySession session(Options{.callback_thread = thread});
  session.socket.On("connect", [&] { recorder.Add("early"); });
  session.Open();
  recorder.WaitFor(1);
  session.socket.On("connect", [&](Handler& socket) { recorder.Add(socket.IsConnected() ? "late" : "closed"); });
  recorder.WaitFor(2);
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.peer.Close();
  CHECK(recorder.WaitFor(3) == Names{"early", "late", "disconnect"});
}

TEST_CASE("concurrent callbacks of one connection run in parallel, and disconnect waits for them") {
  Latch first, second;
  Recorder recorder;
  MemorySession session;
  session.socket.On(
      "beside",
      [&](const Json& data) {
        if (data == 1) {
          second.Wait();
          recorder.Add("first");
        } else {
          second.Release();
          first.Wait();
          recorder.Add("second");
        }
        return data;
      },
      ws::Order::Concurrent);
  session.socket.On("disconnect", [&] { recorder.Add("disconnect"); });
  session.Open();
  session.peer.Send("beside", 1, 1);
  session.peer.Send("beside", 2, 2);
  CHECK(session.peer.Receive()["data"] == 1);
  session.peer.SendClose();
  CHECK(session.peer.ReceiveClose().code == 1000);
  first.Release();
  CHECK(recorder.WaitFor(3) == Names{"first", "second", "disconnect"});
}

TEST_CASE("a blocked callback of one connection does not delay the callbacks of another") {
  Latch latch;
  MemorySession blocked, free;
  blocked.socket.On("block", [&] { latch.Wait(); });
  free.socket.On("x", [] { return 1; });
  blocked.Open();
  free.Open();
  blocked.peer.Send("block");
  CHECK(RequestFromPeer(free, "x") == 1);
  latch.Release();
}

TEST_CASE("Data is created once for a connection, and asking for another type throws") {
  struct Mine {
    std::atomic<int> count = 0;
  };
  MemorySession session;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([socket = session.socket]() mutable { ++socket.Data<Mine>().count; });
  for (auto& thread : threads) thread.join();
  CHECK(session.socket.Data<Mine>().count == 4);
  CHECK_THROWS_AS(session.socket.Data<int>(), std::logic_error);
  MemorySession other;
  CHECK(other.socket.Data<int>() == 0);
  CHECK(other.socket.Id() != session.socket.Id());
}

TEST_CASE("two handles are equal if they refer to the same connection") {
  std::promise<bool> same;
  MemorySession session;
  session.socket.On("x", [&](Handler& socket) { same.set_value(socket == session.socket); });
  session.Open();
  session.peer.Send("x");
  CHECK(Get(same.get_future()));
  CHECK_FALSE(session.socket == Handler());
}
