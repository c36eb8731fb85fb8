// The reconnect delays of a client, with a clock and random numbers that the test controls.
#include "client/client_session.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <vector>

#include "support/free_port.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"

using ws::client::Attempt;
using ws::client::ClientSession;
using ws::client::ClientSettings;
using ws::test::FreePort;
using Delays = std::vector<std::chrono::milliseconds>;

namespace {

// A session with a fake clock: each connection appears to last for `connection_duration`, and each delay ends at once.
class SessionFixture {
 public:
  explicit SessionFixture(std::uint16_t port, double chance = 1) {
    settings_.handshake.url = *ws::protocol::ParseUrl("ws://127.0.0.1:" + std::to_string(port) + "/ws");
    settings_.options.executor = pool_.get_executor();
    settings_.clock.random = [chance] { return chance; };
    settings_.clock.now = [this] { return now_ += connection_duration; };
  }
  ~SessionFixture() { pool_.join(); }

  // Runs the session until it has waited `count` times, and returns the delays. Calls `before` with the number of each.
  Delays Run(
      std::size_t count, const std::function<void(std::size_t)>& before = [](std::size_t) {}) {
    Delays delays;
    std::shared_ptr<ClientSession> session;
    settings_.clock.wait = [&](std::chrono::milliseconds delay, const std::function<void()>& over) {
      delays.push_back(delay);
      before(delays.size());
      if (delays.size() == count) session->BeginStop(1000, {});
      over();
    };
    session = std::make_shared<ClientSession>(settings_);
    session->Start(ws::MakeStrand(context_.get_executor()));
    context_.run_for(wait_timeout);
    session->Release();
    return delays;
  }

  std::chrono::seconds connection_duration{0};

 private:
  asio::io_context context_{1};
  asio::thread_pool pool_{1};
  ws::protocol::Time now_{};
  ClientSettings settings_;
};

}  // namespace

TEST_CASE("while no server listens, the delays double from half a second to thirty seconds") {
  CHECK(SessionFixture(FreePort()).Run(9) == Delays{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
}

TEST_CASE("random jitter shortens each delay, down to zero") {
  CHECK(SessionFixture(FreePort(), 0.5).Run(3) == Delays{250ms, 500ms, 1s});
  CHECK(SessionFixture(FreePort(), 0).Run(3) == Delays{0ms, 0ms, 0ms});
}

TEST_CASE("a delay that exceeds the range of the clock does not overflow, and Stop ends it") {
  ClientSettings settings;
  settings.handshake.url = *ws::protocol::ParseUrl("ws://127.0.0.1:" + std::to_string(FreePort()) + "/ws");
  settings.clock.random = [] { return 1; };
  settings.backoff = ws::protocol::Backoff(std::chrono::milliseconds::max(), std::chrono::milliseconds::max());
  const auto session = std::make_shared<ClientSession>(settings);
  int delays = 0;
  session->OnReconnecting([&](const Attempt&) { ++delays; });
  asio::io_context context{1};
  session->Start(ws::MakeStrand(context.get_executor()));
  context.run_for(100ms);
  CHECK(delays == 1);
  session->BeginStop(1000, {});
  context.restart();
  context.run_for(wait_timeout);
  CHECK(delays == 1);
  session->Release();
}

TEST_CASE("only a connection that lasted thirty seconds resets the delays") {
  TestServer server([](Handler socket) { socket.On("connect", [](Handler& self) { self.Close(1012); }); });
  SessionFixture fixture(server->Port());
  const Delays delays = fixture.Run(6, [&](std::size_t number) {
    if (number == 3) fixture.connection_duration = 29s;
    if (number == 4) fixture.connection_duration = 30s;
    if (number == 5) fixture.connection_duration = 0s;
  });
  CHECK(delays == Delays{500ms, 1s, 2s, 4s, 500ms, 1s});
}
