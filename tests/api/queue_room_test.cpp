// Queue room that is freed by other means than writing: callers that wait for room are resumed, also without a
// transport.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "support/free_port.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace {

// A connection that is not open, and coroutines that wait for room in its queue.
struct QueueFixture {
  asio::io_context context{1};
  Handler socket;
  asio::cancellation_signal cancel = {};

  explicit QueueFixture(Options options) : socket(std::move(options)) {}
  ~QueueFixture() {
    socket.Close();
    Run();
  }
  std::future<Error> Send(std::size_t size) {
    auto sent = asio::co_spawn(context, socket.SendAsync(std::string(size, 'x')), asio::use_future);
    Run();
    return sent;
  }
  // Starts a SendAsync that Cancel() cancels.
  void SendCancellable(std::size_t size) {
    auto ended = asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&, Error) {});
    asio::co_spawn(context, socket.SendAsync(std::string(size, 'x')), std::move(ended));
    Run();
  }
  // Runs the handlers that are ready.
  void Run() {
    context.restart();
    context.poll();
  }
  void Cancel() {
    cancel.emit(asio::cancellation_type::terminal);
    Run();
  }
};

bool IsDone(const std::future<Error>& sent) {
  return sent.wait_for(0s) == std::future_status::ready;
}

}  // namespace

TEST_CASE("when a waiting SendAsync is cancelled, the next waiting one uses the room") {
  QueueFixture fixture(Options{.max_outbound_bytes = 1000});
  CHECK(IsDone(fixture.Send(400)));
  fixture.SendCancellable(200);
  const auto behind = fixture.Send(5);
  CHECK_FALSE(IsDone(behind));
  fixture.Cancel();
  CHECK(IsDone(behind));
  CHECK(fixture.socket.Stats().queued_bytes == 405);
}

TEST_CASE("a waiting SendAsync uses the room that was freed by dropping the oldest message") {
  QueueFixture fixture(Options{.max_outbound_bytes = 1000, .overflow = ws::Overflow::DropOldest});
  CHECK_FALSE(fixture.socket.Send(std::string(480, 'x')));
  CHECK_FALSE(fixture.socket.Send(std::string(520, 'x')));
  const auto waits = fixture.Send(100);
  CHECK_FALSE(IsDone(waits));
  CHECK_FALSE(fixture.socket.Send("small"));
  fixture.Run();
  CHECK(IsDone(waits));
  CHECK(fixture.socket.Stats().queued_bytes == 105);
}

TEST_CASE(
    "OnDrain is called if the last waiting SendAsync is cancelled and the queue is below a quarter of its limit") {
  QueueFixture fixture(Options{.max_outbound_bytes = 1000});
  std::promise<void> drained;
  fixture.socket.OnDrain([&] { drained.set_value(); });
  CHECK(IsDone(fixture.Send(200)));
  fixture.SendCancellable(400);
  fixture.Cancel();
  Get(drained.get_future());
}

TEST_CASE("requests that time out before Init free their room, and OnDrain is called, also on the strand") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  std::promise<void> drained;
  MemorySession session(
      Options{.max_outbound_messages = 4, .ping_interval = 0ms, .idle_timeout = 0ms, .callback_thread = thread});
  session.socket.OnDrain([&] { drained.set_value(); });
  const auto ask = [&] {
    const auto told = std::make_shared<std::promise<Error>>();
    session.socket.Request(
        "never", nullptr, [told](const Reply& reply) { told->set_value(reply.error); }, 500ms);
    return told->get_future();
  };
  std::vector<std::future<Error>> asked;
  for (int count = 0; count < 4; ++count) asked.push_back(ask());
  CHECK(Get(ask()) == Errc::QueueFull);
  for (auto& one : asked) CHECK(Get(std::move(one)) == Errc::TimedOut);
  session.Open();
  Get(drained.get_future());
}

TEST_CASE("a waiting SendAsync fails with Closed if a write of the connection fails") {
  MemorySession session(Options{.max_outbound_bytes = 1000});
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
  auto waits = session.Spawn(session.socket.SendAsync(std::string(500, 'x')));
  session.Pair().to_second->CloseReader();
  CHECK(Get(std::move(waits)) == Errc::Closed);
}

TEST_CASE("when `disconnect` runs, the queue is empty, also after a failed write") {
  for (int round = 0; round < 300; ++round) {
    std::promise<std::size_t> left;
    MemorySession session;
    session.socket.On("disconnect", [&](Handler& socket) { left.set_value(socket.Stats().queued_messages); });
    session.Open();
    session.BlockWrites(true);
    for (int count = 0; count < 50; ++count) CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
    session.Pair().to_second->CloseReader();
    REQUIRE(Get(left.get_future()) == 0);
  }
}

TEST_CASE(
    "an EmitAsync that is awaited after its client was destroyed returns Closed and releases all captured objects") {
  const bool started = GENERATE(false, true);
  const auto captured = std::make_shared<int>();
  auto client = std::make_unique<ws::Client>(ws::ClientOptions{
      .url = ws::test::UrlOf(ws::test::FreePort()), .connection = {.log = [captured](const ws::LogRecord&) {}}});
  if (started) client->Start();
  auto emits = client->EmitAsync("x");
  client.reset();
  asio::io_context context(1);
  auto result = asio::co_spawn(context, std::move(emits), asio::use_future);
  context.run();
  CHECK(Get(std::move(result)) == Errc::Closed);
  CHECK(captured.use_count() == 1);
}
