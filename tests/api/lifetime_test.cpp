// A handle may outlive its connection, its context and its server, and captured objects are released at the end.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <optional>

#include "support/coroutines.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::test::WaitForeverAsync;

namespace {

// Checks that each verb reports Closed. The executor may no longer exist.
void CheckVerbsClosed(Handler& socket) {
  CHECK_FALSE(socket.IsConnected());
  CHECK(socket.Emit("x") == Errc::Closed);
  CHECK(socket.EmitVolatile("x") == Errc::Closed);
  CHECK(socket.EmitBinary("x", nullptr, "b") == Errc::Closed);
  CHECK(socket.Broadcast("x").queued == 0);
  CHECK(socket.Send("x") == Errc::Closed);
  CHECK(socket.On("x", [] {}) == ws::CallbackId::None);
  CHECK(socket.Once("connect", [] {}) == ws::CallbackId::None);
  CHECK(socket.OnAny([] {}) == ws::CallbackId::None);
  CHECK(socket.OnMessage([] {}) == ws::CallbackId::None);
  CHECK(socket.OnTyped("x", [](int) {}) == ws::CallbackId::None);
  socket.OnDrain([] {});
  socket.Off("x");
  socket.Close();
  bool asked = false;
  socket.Request("x", nullptr, [&asked](Reply reply) { asked = reply.error == Errc::Closed; });
  CHECK(asked);
  CHECK(socket.Stats().queued_messages == 0);
}

void CheckAsyncVerbsClosed(Handler& socket) {
  asio::io_context other;
  const auto run = [&other](auto work) {
    auto result = asio::co_spawn(other, std::move(work), asio::use_future);
    other.restart();
    other.run();
    return Get(std::move(result));
  };
  CHECK(run(socket.EmitAsync("x")) == Errc::Closed);
  CHECK(run(socket.SendAsync("x")) == Errc::Closed);
  CHECK(run(socket.RequestAsync("x")).error == Errc::Closed);
  CHECK_FALSE(run(socket.CloseAsync()));
  CHECK_FALSE(run(socket.ClosedAsync()));
}

}  // namespace

TEST_CASE("a handle outlives its connection, its context and its pool") {
  const auto captured = std::make_shared<int>();
  std::optional<Handler> socket;
  {
    MemorySession session;
    session.socket.On("x", [captured] {});
    session.socket.OnAny([captured] {});
    session.socket.OnDrain([captured] {});
    session.Open();
    socket = session.socket;
    session.peer.Close();
    CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
    CHECK(captured.use_count() == 1);
  }
  CheckVerbsClosed(*socket);
  CheckAsyncVerbsClosed(*socket);
}

TEST_CASE("a handle outlives its server") {
  std::promise<Handler> opened;
  std::optional<Handler> socket;
  {
    TestServer server([&opened](Handler handler) { opened.set_value(handler); });
    auto client = server.Connect();
    socket = Get(opened.get_future());
    client.Close();
    server->Stop();
  }
  CheckVerbsClosed(*socket);
  CheckAsyncVerbsClosed(*socket);
}

TEST_CASE("destroying the context of an open connection ends the connection without a disconnect event") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  const auto captured = std::make_shared<int>();
  Recorder recorder;
  MemorySession session(Options{.callback_thread = thread});
  session.socket.On("connect", [&] { recorder.Add("connect"); });
  session.socket.On("x", [captured, self = session.socket]() mutable { self.Emit("x"); });
  session.socket.On("disconnect", [&, captured] { recorder.Add("disconnect"); });
  session.Open();
  recorder.WaitFor(1);
  session.BlockWrites(true);
  for (int count = 0; count < 10; ++count) CHECK_FALSE(session.socket.Emit("n"));
  session.DestroyContext();
  CheckVerbsClosed(session.socket);
  CheckAsyncVerbsClosed(session.socket);
  CHECK(captured.use_count() == 1);
  CHECK(recorder.Size() == 1);
}

TEST_CASE("destroying the context before Init was awaited, or during the handshake, ends the connection") {
  const bool is_awaited = GENERATE(false, true);
  Options options;
  options.authorize = [](const HttpRequest&) -> asio::awaitable<ws::Authorization> {
    co_await WaitForeverAsync();
    co_return ws::Authorization::Accept();
  };
  const auto captured = std::make_shared<int>();
  MemorySession session(std::move(options));
  session.socket.On("x", [captured] {});
  if (is_awaited) {
    auto result = session.Init();
    std::promise<void> turned;
    asio::post(session.Context(), [&] { turned.set_value(); });
    Get(turned.get_future());
    session.DestroyContext();
  } else {
    { auto never = session.socket.Init(std::move(session.Pair().first), ws::test::UpgradeRequest()); }
    session.DestroyContext();
  }
  CheckVerbsClosed(session.socket);
  CHECK(captured.use_count() == 1);
}

TEST_CASE("destroying the context after Close has aborted Init ends the connection") {
  const auto captured = std::make_shared<int>();
  asio::io_context elsewhere(1);
  MemorySession session;
  session.socket.On("x", [captured, self = session.socket] {});
  auto over = asio::co_spawn(elsewhere, session.socket.ClosedAsync(), asio::use_future);
  elsewhere.run_for(10ms);
  {
    auto never = session.socket.Init(std::move(session.Pair().first), ws::test::UpgradeRequest());
    session.socket.Close();
    std::promise<void> turned;
    asio::post(session.Context(), [&] { turned.set_value(); });
    Get(turned.get_future());
  }
  session.DestroyContext();
  elsewhere.restart();
  elsewhere.run_for(wait_timeout);
  CHECK(over.wait_for(0s) == std::future_status::ready);
  CHECK(captured.use_count() == 1);
}

TEST_CASE("when the context is destroyed, verbs that are awaited on another context complete") {
  asio::io_context elsewhere(1);
  MemorySession session(Options{.max_outbound_messages = 2});
  session.Open();
  session.BlockWrites(true);
  for (int count = 0; count < 5; ++count) static_cast<void>(session.socket.Emit("n"));
  const auto start = [&](auto work) { return asio::co_spawn(elsewhere, std::move(work), asio::use_future); };
  auto room = start(session.socket.EmitAsync("x"));
  auto over = start(session.socket.ClosedAsync());
  elsewhere.run_for(10ms);
  session.DestroyContext();
  elsewhere.restart();
  elsewhere.run();
  CHECK(Get(std::move(room)) == Errc::Closed);
  CHECK_FALSE(Get(std::move(over)));
}

TEST_CASE("when the context is destroyed, open requests of other threads and contexts fail") {
  asio::io_context elsewhere(1);
  std::promise<Reply> called;
  MemorySession session;
  session.Open();
  session.socket.Request("x", nullptr, [&](Reply reply) { called.set_value(std::move(reply)); });
  auto awaited = asio::co_spawn(elsewhere, session.socket.RequestAsync("x"), asio::use_future);
  elsewhere.run_for(10ms);
  session.DestroyContext();
  elsewhere.restart();
  elsewhere.run();
  CHECK(Get(std::move(awaited)).error == Errc::Closed);
  CHECK(Get(called.get_future()).error == Errc::Closed);
}

TEST_CASE("when the context is destroyed, a coroutine callback on a running pool is cancelled") {
  Recorder recorder;
  MemorySession session;
  session.socket.On("wait", [&](Handler&, const Json&) -> asio::awaitable<void> {
    recorder.Add("begin");
    try {
      co_await WaitForeverAsync();
    } catch (const boost::system::system_error& error) {
      recorder.Add(error.code() == asio::error::operation_aborted ? "aborted" : "failed");
    }
  });
  session.Open();
  session.peer.Send("wait");
  recorder.WaitFor(1);
  session.DestroyContext();
  CHECK(recorder.WaitFor(2)[1] == "aborted");
}

TEST_CASE("a callback that captures the handle of its own connection is destroyed when the connection ends") {
  std::weak_ptr<int> watched;
  {
    MemorySession session;
    auto captured = std::make_shared<int>();
    watched = captured;
    session.socket.On("x", [self = session.socket, captured] {});
    session.socket.On("disconnect", [self = session.socket, captured] {});
    session.Open();
  }
  CHECK(watched.expired());
}

TEST_CASE("a connection keeps running after its last handle was destroyed") {
  std::promise<void> ended;
  TestServer server([&ended](Handler socket) {
    socket.On("x", [] { return 1; });
    socket.On("disconnect", [&ended] { ended.set_value(); });
  });
  auto client = server.Connect();
  client.Send("x", nullptr, 1);
  CHECK(client.Receive()["data"] == 1);
  client.Close();
  Get(ended.get_future());
}

TEST_CASE("a connect callback that is registered in disconnect is not called") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Recorder recorder;
  MemorySession session(Options{.callback_thread = thread});
  session.socket.On("disconnect", [&](Handler& socket) {
    socket.On("connect", [&] { recorder.Add("connect"); });
    recorder.Add("disconnect");
  });
  session.Open();
  session.peer.Close();
  CHECK_FALSE(Get(session.Spawn(session.socket.ClosedAsync())));
  std::promise<void> turned;
  asio::post(session.Pool(), [&] { turned.set_value(); });
  Get(turned.get_future());
  session.Pool().join();
  session.DestroyContext();
  CHECK(recorder.Entries() == std::vector<std::string>{"disconnect"});
}

TEST_CASE(
    "the captures of callbacks are destroyed on the pool, where a destructor may block, and not on the I/O thread") {
  std::promise<bool> on_pool;
  MemorySession session;
  const auto let_go = [&](std::nullptr_t) {
    on_pool.set_value(session.Pool().get_executor().running_in_this_thread());
  };
  session.socket.On("x", [last = std::shared_ptr<void>(nullptr, let_go)] {});
  session.Open();
  session.peer.Close();
  CHECK(Get(on_pool.get_future()));
}

TEST_CASE("a callback that a stopped client refuses is destroyed without holding a lock") {
  ws::Client client({.url = "ws://127.0.0.1:1/ws"});
  client.Stop();
  bool asked = false;
  const auto ask = [&](std::nullptr_t) {
    static_cast<void>(client.Stats());
    asked = true;
  };
  const auto token = client.On("x", [last = std::shared_ptr<void>(nullptr, ask)] {});
  CHECK(token == ws::CallbackId::None);
  CHECK(asked);
}
