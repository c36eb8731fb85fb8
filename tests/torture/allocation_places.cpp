// As allocation.cpp, where a single connection after the other does not come: many sockets that are open, several
// waits in one coroutine, a handler without a server, a client without one.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "torture/failing_new.hpp"
#include "torture/stage.hpp"
#include "torture/watchdog.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace ws::torture;
using ws::Handler;
using ws::Json;
using ws::test::TestClient;

namespace {

// What is lost without a word is ended by a clock.
ws::Options Hasty() {
  ws::Options options;
  options.log = Silence;
  options.handshake_timeout = options.close_timeout = 500ms;
  options.ping_interval = 300ms;
  options.idle_timeout = options.request_timeout = 1s;
  return options;
}

// Lets each allocation of `live` fail, until it has no more of them; what it throws is its own affair. `after` must go
// well each time.
template <class Live, class After>
void FailEach(const std::string& what, Live live, After after) {
  SpareThisThread();
  after();
  for (long next = 1, reached = 1; reached != 0; ++next) {
    const Watchdog watchdog(what + " " + std::to_string(next), 30s);
    INFO("allocation " << next);
    FailAllocation(next);
    try {
      live();
    } catch (const std::exception&) {
      // the peer's end of it
    }
    reached = HasFailed();
    REQUIRE_NOTHROW(after());
  }
}

}  // namespace

TEST_CASE("each allocation of an accept may fail, while others stay open", "[allocation]") {
  Stage stage({}, Hasty());
  std::vector<TestClient> open;  // what Asio knows of their sockets is not used again
  const auto connect = [&] { open.push_back(stage.Connect()); };
  FailEach("accept", connect, connect);
}

TEST_CASE("each allocation of a coroutine callback that waits twice may fail", "[allocation]") {
  Stage stage(
      [](Handler& socket) {
        socket.On("go", [](Handler peer) -> asio::awaitable<void> {
          const ws::Reply first = co_await peer.RequestAsync("asked", "?");
          const ws::Reply second = co_await peer.RequestAsync("asked", "?");
          if (first.error || second.error) throw std::runtime_error("no reply");
          peer.Emit("done");
        });
      },
      Hasty());
  const auto live = [&] {
    TestClient peer = stage.Connect();
    peer.Send("go");
    for (std::string event; event != "done";) {
      const Json message = peer.Receive();
      event = message["event"];
      if (event == "error") throw std::runtime_error("the callback threw");
      if (event == "asked") peer.Send("$ack", nullptr, message["id"].get<int>());
    }
    peer.Close();
  };
  FailEach("two waits", live, [&] {
    stage.WaitUntilEmpty();
    live();
    stage.WaitUntilEmpty();
  });
}

TEST_CASE("each allocation of a coroutine of `disconnect` may fail, and the connection is over", "[allocation]") {
  std::optional<Handler> held;  // as an application's list of connections does
  Stage stage(
      [&](Handler& socket) {
        held = socket;
        socket.On("disconnect", [](Handler peer) -> asio::awaitable<void> {
          co_await peer.CloseAsync();
          co_await peer.CloseAsync();
        });
      },
      Hasty());
  const auto live = [&] {
    TestClient peer = stage.Connect();
    peer.Close();
  };
  FailEach("disconnect", live, [&] {
    stage.WaitUntilEmpty();
    live();
    stage.WaitUntilEmpty();
  });
}

TEST_CASE("each allocation of Init may fail, and Init says so", "[allocation]") {
  SpareThisThread();
  Exempt(88);  // README.md: a wait on a strand
  for (long next = 1, reached = 1; reached != 0; ++next) {
    const Watchdog watchdog("Init " + std::to_string(next), 30s);
    asio::thread_pool pool(1);
    asio::io_context context(1);
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    TestClient peer(ws::test::DialTcp(acceptor.local_endpoint().port()));
    asio::ip::tcp::socket accepted = acceptor.accept();
    std::atomic<int> begun = 0, over = 0;
    std::atomic<bool> opened = false;
    ws::Options options = Hasty();
    options.executor = pool.get_executor();
    Handler socket(options);
    socket.On("connect", [&] { ++begun; });
    socket.On("disconnect", [&] { ++over; });
    asio::co_spawn(context, socket.Init(std::move(accepted), ws::test::UpgradeRequest()),
                   [&](const std::exception_ptr& failure, ws::Error error) { opened = !failure && !error; });
    std::promise<void> begin;
    std::thread thread([&] {
      begin.get_future().wait();
      for (bool done = false; !done;) {
        try {
          context.run();
          done = true;
        } catch (const std::bad_alloc&) {
          // Asio's own, of a handler that is gone
        }
      }
    });
    FailAllocation(next);
    begin.set_value();
    unsigned status = 0;
    try {
      status = peer.ReadAnswer().status;
      peer.Close();
    } catch (const std::exception&) {
      // the connection broke
    }
    peer.Cut();
    socket.Close();
    thread.join();
    pool.join();  // both callbacks may still wait there
    reached = HasFailed();
    INFO("allocation " << next);
    CHECK((!opened || status == 101));
    CHECK(begun == over);
  }
  Exempt(0);
}

TEST_CASE("each allocation of requests that end while the client is away may fail", "[allocation]") {
  SpareThisThread();
  for (long next = 1, reached = 1; reached != 0; ++next) {
    const Watchdog watchdog("away " + std::to_string(next), 30s);
    ws::ClientOptions options{.url = "ws://127.0.0.1:9/", .backoff_base = 1h, .backoff_cap = 1h};
    options.connection.log = Silence;
    std::atomic<int> told = 0;
    ws::Client client(std::move(options));
    for (int count = 0; count < 3; ++count) {
      client.Request(
          "x", nullptr, [&](const ws::Reply&) { ++told; }, 20ms);
    }
    FailAllocation(next);
    const auto deadline =
        std::chrono::steady_clock::now() + 500ms;  // one may be dropped, the others wait for Stop then
    while (told < 3 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    reached = HasFailed();
    client.Stop();
    CHECK(told >= 2);
  }
}
