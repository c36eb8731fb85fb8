// Room in the queue that something else than the writer made: who waits for it is told, also before there is a
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

#include "support/catch.hpp"
#include "support/free_port.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::Options;
using ws::test::Get;
using ws::test::MemorySession;

namespace {

// A connection that is not open, and coroutines that wait for room in its queue.
struct Waiters {
  asio::io_context context{1};
  Handler socket;
  asio::cancellation_signal cancel = {};

  explicit Waiters(Options options) : socket(std::move(options)) {}
  ~Waiters() {
    socket.Close();
    Run();
  }
  std::future<Error> Send(std::size_t size) {
    auto sent = asio::co_spawn(context, socket.SendAsync(std::string(size, 'x')), asio::use_future);
    Run();
    return sent;
  }
  // One that `cancel` ends.
  void SendUntilCancelled(std::size_t size) {
    auto ended = asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr&, Error) {});
    asio::co_spawn(context, socket.SendAsync(std::string(size, 'x')), std::move(ended));
    Run();
  }
  // All that can be done now.
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

TEST_CASE("who waits behind one that gives up gets the room that there is") {
  Waiters waiters(Options{.max_outbound_bytes = 1000});
  CHECK(IsDone(waiters.Send(400)));
  waiters.SendUntilCancelled(200);
  const auto behind = waiters.Send(5);
  CHECK_FALSE(IsDone(behind));
  waiters.Cancel();
  CHECK(IsDone(behind));
  CHECK(waiters.socket.Stats().queued_bytes == 405);
}

TEST_CASE("who waits gets the room that dropping the oldest made") {
  Waiters waiters(Options{.max_outbound_bytes = 1000, .overflow = ws::Overflow::DropOldest});
  CHECK_FALSE(waiters.socket.Send(std::string(480, 'x')));
  CHECK_FALSE(waiters.socket.Send(std::string(520, 'x')));
  const auto waits = waiters.Send(100);
  CHECK_FALSE(IsDone(waits));
  CHECK_FALSE(waiters.socket.Send("small"));
  waiters.Run();
  CHECK(IsDone(waits));
  CHECK(waiters.socket.Stats().queued_bytes == 105);
}

TEST_CASE("OnDrain tells that the last who waited has given up, where the queue is down to a quarter") {
  Waiters waiters(Options{.max_outbound_bytes = 1000});
  std::promise<void> drained;
  waiters.socket.OnDrain([&] { drained.set_value(); });
  CHECK(IsDone(waiters.Send(200)));
  waiters.SendUntilCancelled(400);
  waiters.Cancel();
  Get(drained.get_future());
}

TEST_CASE("requests that fail before Init make room, and OnDrain tells, on the strand too") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  std::promise<void> drained;
  MemorySession session(
      Options{.max_outbound_messages = 4, .ping_interval = 0ms, .idle_timeout = 0ms, .callback_thread = thread});
  session.socket.OnDrain([&] { drained.set_value(); });
  const auto ask = [&] {
    const auto told = std::make_shared<std::promise<Error>>();
    session.socket.Request(
        "never", nullptr, [told](const ws::Reply& reply) { told->set_value(reply.error); }, 500ms);
    return told->get_future();
  };
  std::vector<std::future<Error>> asked;
  for (int count = 0; count < 4; ++count) asked.push_back(ask());
  CHECK(Get(ask()) == Errc::QueueFull);
  for (auto& one : asked) CHECK(Get(std::move(one)) == Errc::TimedOut);
  session.Open();
  Get(drained.get_future());
}

TEST_CASE("who waits for room gets none on a connection whose write failed") {
  MemorySession session(Options{.max_outbound_bytes = 1000});
  session.Open();
  session.BlockWrites(true);
  CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
  auto waits = session.Start(session.socket.SendAsync(std::string(500, 'x')));
  session.Pair().to_second->LoseReader();
  CHECK(Get(std::move(waits)) == Errc::Closed);
}

TEST_CASE("when `disconnect` runs, nothing is queued any more, also where a write failed") {
  for (int round = 0; round < 300; ++round) {
    std::promise<std::size_t> left;
    MemorySession session;
    session.socket.On("disconnect", [&](Handler& peer) { left.set_value(peer.Stats().queued_messages); });
    session.Open();
    session.BlockWrites(true);
    for (int count = 0; count < 50; ++count) CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
    session.Pair().to_second->LoseReader();
    REQUIRE(Get(left.get_future()) == 0);
  }
}

TEST_CASE("what EmitAsync gave, awaited when the client is gone, answers Closed and leaves nothing behind") {
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
