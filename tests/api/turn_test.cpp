// What crosses between an I/O thread and the pool is gathered, and yet waits for nobody.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Handler;
using ws::Json;
using ws::Server;
using ws::test::Door;
using ws::test::TestClient;
using ws::test::TestServer;

namespace {

// The I/O thread can be held, so that what is sent meanwhile is read in one turn of its loop.
struct Fixture {
  void Prepare(Server& started) {
    ws::Options on_io;
    on_io.callback_thread = ws::CallbackThread::Io;
    started.Route("/io", on_io, [this](Handler socket) {
      socket.On("hold", [this](Handler& peer) {
        peer.Emit("holds");
        held.Pass();
      });
    });
    started.Route("/ws", [this](Handler socket) {
      socket.On("echo", [](const Json& data) { return data; });
      socket.On("block", [this](Handler& peer) {
        peer.Emit("begun");
        blocked.Pass();
        peer.Emit("done");
      });
    });
  }

  Door held, blocked;
  TestServer server{{.workers = 2}, [this](Server& started) { Prepare(started); }};
};

}  // namespace

TEST_CASE("what a callback emits before it blocks is sent at once") {
  Fixture f;
  TestClient client = f.server.Connect();
  for (int round = 0; round < 2; ++round) {
    client.Send("block");
    CHECK(client.Receive()["event"] == "begun");
    if (round == 0) client.Send("echo", 1, 1);  // behind the one that blocks
    f.blocked.Open();
    CHECK(client.Receive()["event"] == "done");
    if (round == 0) CHECK(client.Receive()["data"] == 1);
  }
}

TEST_CASE("a reply does not wait for the callback of another connection, read in the same turn") {
  Fixture f;
  TestClient holds = f.server.Connect("/io");
  std::vector<TestClient> asking;
  for (int count = 0; count < 8; ++count) asking.push_back(f.server.Connect());
  TestClient blocks = f.server.Connect();
  holds.Send("hold");
  for (TestClient& client : asking) client.Send("echo", "asked", 1);
  blocks.Send("block");
  f.held.Open();
  for (TestClient& client : asking) CHECK(client.Receive()["data"] == "asked");
  CHECK(blocks.Receive()["event"] == "begun");
  f.blocked.Open();
  CHECK(blocks.Receive()["event"] == "done");
}

TEST_CASE("thousands of messages over many connections and two I/O threads are all answered, in order") {
  TestServer server([](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); }, {},
                    {.io_threads = 2, .workers = 3});
  std::vector<TestClient> clients;
  for (int count = 0; count < 20; ++count) clients.push_back(server.Connect());
  for (int number = 0; number < 200; ++number) {
    for (TestClient& client : clients) client.Send("echo", number, number);
  }
  for (TestClient& client : clients) {
    for (int number = 0; number < 200; ++number) {
      if (client.Receive()["id"] != number) FAIL("out of order");
    }
  }
}

TEST_CASE("Init on the I/O thread of a server leaves a stream of another context to that one") {
  namespace asio = boost::asio;
  asio::io_context context(1);
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  TestClient peer(ws::test::DialTcp(acceptor.local_endpoint().port()));
  Handler mounted;
  std::promise<ws::Error> opened;
  Door held;
  std::atomic<bool> in_time = false;
  TestServer server([&](Handler) {
    auto init = mounted.Init(acceptor.accept(), ws::test::UpgradeRequest());
    auto done = [&](std::exception_ptr, ws::Error error) { opened.set_value(error); };
    asio::co_spawn(context, std::move(init), done);
    held.Pass();
    in_time = true;
  });
  TestClient holds = server.Dial();
  holds.SendBytes(ws::test::UpgradeText());
  auto work = asio::make_work_guard(context);
  std::thread thread([&] { context.run(); });
  CHECK(peer.ReadAnswer().status == 101);
  CHECK_FALSE(ws::test::Get(opened.get_future()));
  for (int number = 0; number < 20; ++number) {
    CHECK_FALSE(mounted.Emit("number", number));
    CHECK(peer.Receive()["data"] == number);
  }
  held.Open();
  CHECK(holds.ReadAnswer().status == 101);
  CHECK(in_time);
  peer.Cut();
  work.reset();
  thread.join();
}
