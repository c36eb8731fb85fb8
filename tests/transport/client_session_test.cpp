// When a client dials again, with a clock and a chance that the test drives.
#include "transport/client_session.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/free_port.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Handler;
using ws::test::FreePort;
using ws::test::TestServer;
using ws::transport::Attempt;
using ws::transport::ClientSession;
using ws::transport::ClientSettings;
using Delays = std::vector<std::chrono::milliseconds>;

namespace {

// A session whose connections each seem to last as long as `lasts` says, and whose pauses end at once.
class Driven {
 public:
  explicit Driven(std::uint16_t port, double chance = 1) {
    settings_.offer.url = *ws::protocol::ParseUrl("ws://127.0.0.1:" + std::to_string(port) + "/ws");
    settings_.options.executor = pool_.get_executor();
    settings_.clock.chance = [chance] { return chance; };
    settings_.clock.now = [this] { return now_ += lasts; };
  }
  ~Driven() { pool_.join(); }

  // The delays of so many pauses; `before` is called with the number of each.
  Delays Run(
      std::size_t pauses, const std::function<void(std::size_t)>& before = [](std::size_t) {}) {
    Delays delays;
    std::shared_ptr<ClientSession> session;
    settings_.clock.wait = [&](std::chrono::milliseconds delay, const std::function<void()>& over) {
      delays.push_back(delay);
      before(delays.size());
      if (delays.size() == pauses) session->BeginStop(1000, {});
      over();
    };
    session = std::make_shared<ClientSession>(settings_);
    session->Start(ws::MakeStrand(context_.get_executor()));
    context_.run_for(ws::test::patience);
    session->Release();
    return delays;
  }

  std::chrono::seconds lasts{0};

 private:
  asio::io_context context_{1};
  asio::thread_pool pool_{1};
  ws::protocol::Time now_{};
  ClientSettings settings_;
};

}  // namespace

TEST_CASE("while nobody listens the pauses double from half a second to thirty") {
  CHECK(Driven(FreePort()).Run(9) == Delays{500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
}

TEST_CASE("chance shortens a pause down to nothing") {
  CHECK(Driven(FreePort(), 0.5).Run(3) == Delays{250ms, 500ms, 1s});
  CHECK(Driven(FreePort(), 0).Run(3) == Delays{0ms, 0ms, 0ms});
}

TEST_CASE("a pause may be longer than the clock can count, and still ends with Stop") {
  ClientSettings settings;
  settings.offer.url = *ws::protocol::ParseUrl("ws://127.0.0.1:" + std::to_string(FreePort()) + "/ws");
  settings.clock.chance = [] { return 1; };
  settings.backoff = ws::protocol::Backoff(std::chrono::milliseconds::max(), std::chrono::milliseconds::max());
  const auto session = std::make_shared<ClientSession>(settings);
  int pauses = 0;
  session->OnReconnecting([&](const Attempt&) { ++pauses; });
  asio::io_context context{1};
  session->Start(ws::MakeStrand(context.get_executor()));
  context.run_for(100ms);
  CHECK(pauses == 1);
  session->BeginStop(1000, {});
  context.restart();
  context.run_for(ws::test::patience);
  CHECK(pauses == 1);
  session->Release();
}

TEST_CASE("only a connection that lasted thirty seconds starts the pauses anew") {
  TestServer server([](Handler socket) { socket.On("connect", [](Handler& peer) { peer.Close(1012); }); });
  Driven driven(server->Port());
  const Delays delays = driven.Run(6, [&](std::size_t pause) {
    if (pause == 3) driven.lasts = 29s;
    if (pause == 4) driven.lasts = 30s;
    if (pause == 5) driven.lasts = 0s;
  });
  CHECK(delays == Delays{500ms, 1s, 2s, 4s, 500ms, 1s});
}
