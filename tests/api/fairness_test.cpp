// Who is busy leaves the others their turn: on the pool, and on an I/O thread.
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using ws::Error;
using ws::Handler;
using ws::Server;
using ws::test::Journal;
using ws::test::TestClient;
using ws::test::TestServer;

namespace {

// Clients that together always have something for the pool's one thread, for two seconds of its time.
class Crowd {
 public:
  explicit Crowd(const TestServer& server) {
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
  ~Crowd() { thread_.join(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  bool IsOver() const { return over_; }

 private:
  std::vector<TestClient> clients_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

// A socket that takes all that is written, and tells of it.
class EagerSocket : public tcp::socket {
 public:
  EagerSocket(tcp::socket socket, std::function<void()>& wrote) : tcp::socket(std::move(socket)), wrote_(&wrote) {}

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, Error& error) {
    error = {};
    (*wrote_)();
    return asio::buffer_size(buffers);
  }

 private:
  std::function<void()>* wrote_;
};

}  // namespace

TEST_CASE("a pool that is busy with messages answers HTTP requests and goes on with coroutines meanwhile") {
  Journal journal;
  TestServer server({.workers = 1}, [&](Server& started) {
    started.Route("/ws", [&](Handler socket) {
      socket.On("work", [&] {
        const auto until = std::chrono::steady_clock::now() + 1ms;
        while (std::chrono::steady_clock::now() < until) continue;
        journal.Add("worked");
        return 1;
      });
      socket.On("nap", []() -> asio::awaitable<int> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return 1;
      });
    });
    started.OnRequest([](const ws::HttpRequest&) { return ws::HttpResponse{.body = "here"}; });
  });
  TestClient asks = server.Dial();
  TestClient naps = server.Connect();
  const Crowd crowd(server);
  journal.WaitFor(100);
  naps.Send("nap", nullptr, 1);
  asks.SendBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(asks.ReadAnswer().body == "here");
  CHECK_FALSE(crowd.IsOver());
  CHECK(naps.Receive()["data"] == 1);
  CHECK_FALSE(crowd.IsOver());
}

TEST_CASE("a connection that always has something to send leaves its thread to others") {
  constexpr int enough = 10000;
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  tcp::socket peer(context);
  peer.connect(acceptor.local_endpoint());
  Handler socket;
  int written = 0;
  std::function<void()> wrote = [] {};
  auto opened = asio::co_spawn(context, socket.Init(EagerSocket(acceptor.accept(), wrote), ws::test::UpgradeRequest()),
                               asio::use_future);
  while (opened.wait_for(0s) != std::future_status::ready) context.run_one();
  CHECK_FALSE(opened.get());
  bool had_turn = false;
  wrote = [&] {
    if (written == 0) asio::post(context, [&] { had_turn = true; });
    if (++written < enough && !had_turn) static_cast<void>(socket.Emit("more"));
  };
  CHECK_FALSE(socket.Emit("first"));
  while (!had_turn) context.run_one();
  CHECK(written < enough);
  peer.close();
  context.run();
}
