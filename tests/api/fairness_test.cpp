// A busy connection does not starve other work, neither on the pool nor on an I/O thread.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/coroutines.hpp"
#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using asio::ip::tcp;
using ws::Server;

namespace {

// Clients that keep the pool's only thread busy for two seconds of its time.
class BusyClients {
 public:
  explicit BusyClients(const TestServer& server) {
    for (int count = 0; count < 64; ++count) clients_.push_back(server.Connect());
    for (TestClient& client : clients_) {
      for (int ahead = 0; ahead < 4; ++ahead) client.Send("work", nullptr, 1);
    }
    thread_ = std::thread([this] {
      for (int round = 0; round < 32; ++round) {
        for (TestClient& client : clients_) {
          client.Receive();
          client.Send("work", nullptr, 1);
        }
      }
      over_ = true;
    });
  }
  ~BusyClients() { thread_.join(); }
  BusyClients(const BusyClients&) = delete;
  BusyClients& operator=(const BusyClients&) = delete;

  bool IsOver() const { return over_; }

 private:
  std::vector<TestClient> clients_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

// A socket that accepts all bytes at once, and calls a function at each write.
class AlwaysWritableSocket : public tcp::socket {
 public:
  AlwaysWritableSocket(tcp::socket socket, std::function<void()>& on_write)
      : tcp::socket(std::move(socket)), on_write_(&on_write) {}

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, Error& error) {
    error = {};
    (*on_write_)();
    return asio::buffer_size(buffers);
  }

 private:
  std::function<void()>* on_write_;
};

}  // namespace

TEST_CASE("a pool that is busy with messages still answers HTTP requests and resumes coroutines") {
  Recorder recorder;
  TestServer server({.workers = 1}, [&](Server& prepared) {
    prepared.Route("/ws", [&](Handler socket) {
      socket.On("work", [&] {
        const auto until = std::chrono::steady_clock::now() + 1ms;
        while (std::chrono::steady_clock::now() < until) continue;
        recorder.Add("worked");
        return 1;
      });
      socket.On("sleep", []() -> asio::awaitable<int> {
        co_await ws::test::SleepAsync(1ms);
        co_return 1;
      });
    });
    prepared.OnRequest([](const HttpRequest&) { return ws::HttpResponse{.body = "here"}; });
  });
  TestClient http_client = server.Dial();
  TestClient sleeper = server.Connect();
  const BusyClients busy(server);
  recorder.WaitFor(100);
  sleeper.Send("sleep", nullptr, 1);
  http_client.SendBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(http_client.ReceiveResponse().body == "here");
  CHECK_FALSE(busy.IsOver());
  CHECK(sleeper.Receive()["data"] == 1);
  CHECK_FALSE(busy.IsOver());
}

TEST_CASE("a connection that always has something to send lets other handlers run on its thread") {
  constexpr int max_writes = 10000;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket peer(context);
  peer.connect(acceptor.local_endpoint());
  Handler socket;
  int written = 0;
  std::function<void()> on_write = [] {};
  auto opened = asio::co_spawn(
      context, socket.Init(AlwaysWritableSocket(acceptor.accept(), on_write), ws::test::UpgradeRequest()),
      asio::use_future);
  while (opened.wait_for(0s) != std::future_status::ready) context.run_one();
  CHECK_FALSE(opened.get());
  bool others_ran = false;
  on_write = [&] {
    if (written == 0) asio::post(context, [&] { others_ran = true; });
    if (++written < max_writes && !others_ran) static_cast<void>(socket.Emit("more"));
  };
  CHECK_FALSE(socket.Emit("first"));
  while (!others_ran) context.run_one();
  CHECK(written < max_writes);
  peer.close();
  context.run();
}
