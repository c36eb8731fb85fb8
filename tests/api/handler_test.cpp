// Registration over a live connection.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Handler;
using ws::Json;
using ws::Message;
using ws::Options;
using ws::test::Door;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;

namespace {

using Names = std::vector<std::string>;

// The reply's data.
Json Ask(MemorySession& session, std::string_view event, const Json& data = nullptr) {
  session.peer.Send(event, data, "id");
  Json reply = session.peer.Receive();
  CHECK(reply["event"] == "$ack");
  CHECK(reply["id"] == "id");
  return reply.contains("error") ? reply["error"] : reply.value("data", Json());
}

}  // namespace

TEST_CASE("all five shapes of a callback are called, and return their reply") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  MemorySession session(Options{.callback_thread = thread});
  const auto owned = std::make_unique<int>(7);
  session.socket.On("peer and data", [](Handler& peer, const Json& data) { return Json{peer.IsConnected(), data}; });
  session.socket.On("data", [](const Json& data) { return data; });
  session.socket.On("peer", [](Handler& peer) { return peer.Id(); });
  session.socket.On("nothing", [copy = std::make_unique<int>(*owned)] { return *copy; });
  session.socket.On("message", [](Handler&, const Message& message) {
    return std::string(message.Event()) + "|" + std::string(message.Id()) + "|" + std::string(message.RawData());
  });
  session.socket.On("void", [] {});
  session.Open();
  CHECK(Ask(session, "peer and data", 5) == Json{true, 5});
  CHECK(Ask(session, "data", "text") == "text");
  CHECK(Ask(session, "peer") == session.socket.Id());
  CHECK(Ask(session, "nothing") == 7);
  CHECK(Ask(session, "message", {{"a", 1}}) == R"(message|"id"|{"a":1})");
  CHECK(Ask(session, "void").is_null());
  CHECK(Ask(session, "unknown")["code"] == "unknown_event");
}

TEST_CASE(
    "several callbacks of an event run in the order of registration, OnAny last, and the first value is the reply") {
  Journal journal;
  MemorySession session;
  session.socket.OnAny([&](Handler&, const Message& message) {
    journal.Add("any " + std::string(message.Event()));
    return "any";
  });
  session.socket.On("x", [&] { journal.Add("first"); });
  session.socket.On("x", [&] {
    journal.Add("second");
    return 2;
  });
  session.socket.On("x", [&] {
    journal.Add("third");
    return 3;
  });
  session.Open();
  CHECK(Ask(session, "x") == 2);
  CHECK(Ask(session, "y") == "any");
  CHECK(journal.Entries() == Names{"first", "second", "third", "any x", "any y"});
}

TEST_CASE("after a throw the reply is internal, and the other callbacks still run") {
  Journal journal;
  Options options;
  options.log = [](const ws::LogRecord&) {};
  MemorySession session(std::move(options));
  session.socket.On("x", [] { return 1; });
  session.socket.On("x", []() { throw std::runtime_error("secret"); });
  session.socket.On("x", [&] { journal.Add("last"); });
  session.Open();
  const Json error = Ask(session, "x");
  CHECK(error["code"] == "internal");
  CHECK(error.dump().find("secret") == std::string::npos);
  CHECK(journal.Size() == 1);
}

TEST_CASE("a Failure is the reply's error; without an id it is an error event") {
  MemorySession session;
  session.socket.On("x", [] { return ws::Failure{"not_found", "it is not there"}; });
  session.Open();
  CHECK(Ask(session, "x") == Json{{"code", "not_found"}, {"message", "it is not there"}});
  session.peer.Send("x");
  const Json event = session.peer.Receive();
  CHECK(event["event"] == "error");
  CHECK(event["data"]["code"] == "not_found");
  CHECK(event["data"]["event"] == "x");
}

TEST_CASE("Off takes away an event's callbacks, or the one of a token; Once runs once") {
  Journal journal;
  MemorySession session;
  const ws::CallbackId one = session.socket.On("x", [&] { journal.Add("one"); });
  session.socket.On("x", [&] { journal.Add("two"); });
  session.socket.Once("x", [&] { journal.Add("once"); });
  const ws::CallbackId any = session.socket.OnAny([&] { journal.Add("any"); });
  CHECK(one != ws::CallbackId::None);
  session.Open();
  Ask(session, "x");
  session.socket.Off(one);
  session.socket.Off(any);
  session.socket.Off(ws::CallbackId::None);
  Ask(session, "x");
  session.socket.Off("x");
  CHECK(Ask(session, "x")["code"] == "unknown_event");
  CHECK(journal.Entries() == Names{"one", "two", "once", "any", "two"});
}

TEST_CASE("a callback may take itself away, register others, and close") {
  Journal journal;
  MemorySession session;
  session.socket.On("x", [&, kept = std::make_shared<std::string>("kept")](Handler& peer) {
    peer.Off("x");
    peer.On("x", [&](Handler& again) {
      journal.Add("other");
      again.Close();
    });
    journal.Add(*kept);
  });
  session.Open();
  Ask(session, "x");
  session.peer.Send("x");
  CHECK(session.peer.ReceiveClose().code == 1000);
  CHECK(journal.Entries() == Names{"kept", "other"});
}

TEST_CASE("connect is sticky: who registers later still gets it, once, and before disconnect") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Journal journal;
  MemorySession session(Options{.callback_thread = thread});
  session.socket.On("connect", [&] { journal.Add("early"); });
  session.Open();
  journal.WaitFor(1);
  session.socket.On("connect", [&](Handler& peer) { journal.Add(peer.IsConnected() ? "late" : "closed"); });
  journal.WaitFor(2);
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.peer.Close();
  CHECK(journal.WaitFor(3) == Names{"early", "late", "disconnect"});
}

TEST_CASE("unordered callbacks run beside each other and before their turn, and disconnect waits for them") {
  Door first, second;
  Journal journal;
  MemorySession session;
  session.socket.On(
      "beside",
      [&](const Json& data) {
        if (data == 1) {
          second.Pass();
          journal.Add("first");
        } else {
          second.Open();
          first.Pass();
          journal.Add("second");
        }
        return data;
      },
      ws::Order::Concurrent);
  session.socket.On("disconnect", [&] { journal.Add("disconnect"); });
  session.Open();
  session.peer.Send("beside", 1, 1);
  session.peer.Send("beside", 2, 2);
  CHECK(session.peer.Receive()["data"] == 1);
  session.peer.SendClose();
  CHECK(session.peer.ReceiveClose().code == 1000);
  first.Open();
  CHECK(journal.WaitFor(3) == Names{"first", "second", "disconnect"});
}

TEST_CASE("one connection's callbacks do not wait for another's") {
  Door door;
  MemorySession blocked, free;
  blocked.socket.On("block", [&] { door.Pass(); });
  free.socket.On("x", [] { return 1; });
  blocked.Open();
  free.Open();
  blocked.peer.Send("block");
  CHECK(Ask(free, "x") == 1);
  door.Open();
}

TEST_CASE("Data is one object of one type a connection, whoever asks first") {
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

TEST_CASE("handles are equal when they mean the same connection, and the callback's is its own") {
  std::promise<bool> same;
  MemorySession session;
  session.socket.On("x", [&](Handler& peer) { same.set_value(peer == session.socket); });
  session.Open();
  session.peer.Send("x");
  CHECK(Get(same.get_future()));
  CHECK_FALSE(session.socket == Handler());
}
