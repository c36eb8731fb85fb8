// Messages between an I/O thread and the pool are batched, and a batch does not wait for a blocked callback.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Server;

namespace {

// The test can block the I/O thread, so that it reads everything sent meanwhile in one pass of its loop.
struct BatchFixture {
  void Prepare(Server& prepared) {
    Options on_io;
    on_io.callback_thread = ws::CallbackThread::Io;
    prepared.Route("/io", on_io, [this](Handler socket) {
      socket.On("hold", [this](Handler& self) {
        self.Emit("holding");
        io_latch.Wait();
      });
    });
    prepared.Route("/ws", [this](Handler socket) {
      socket.On("echo", [](const Json& data) { return data; });
      socket.On("block", [this](Handler& self) {
        self.Emit("begun");
        pool_latch.Wait();
        self.Emit("done");
      });
    });
  }

  Latch io_latch, pool_latch;
  TestServer server{{.workers = 2}, [this](Server& prepared) { Prepare(prepared); }};
};

}  // namespace

TEST_CASE("a message that a callback emits before it blocks is sent at once") {
  BatchFixture fixture;
  TestClient client = fixture.server.Connect();
  for (int round = 0; round < 2; ++round) {
    client.Send("block");
    CHECK(client.Receive()["event"] == "begun");
    if (round == 0) client.Send("echo", 1, 1);  // queued after the message whose callback blocks
    fixture.pool_latch.Release();
    CHECK(client.Receive()["event"] == "done");
    if (round == 0) CHECK(client.Receive()["data"] == 1);
  }
}

TEST_CASE(
    "a reply does not wait for the blocked callback of another connection whose message was read in the same pass") {
  BatchFixture fixture;
  TestClient holding = fixture.server.Connect("/io");
  std::vector<TestClient> asking;
  for (int count = 0; count < 8; ++count) asking.push_back(fixture.server.Connect());
  TestClient blocking = fixture.server.Connect();
  holding.Send("hold");
  for (TestClient& client : asking) client.Send("echo", "asked", 1);
  blocking.Send("block");
  fixture.io_latch.Release();
  for (TestClient& client : asking) CHECK(client.Receive()["data"] == "asked");
  CHECK(blocking.Receive()["event"] == "begun");
  fixture.pool_latch.Release();
  CHECK(blocking.Receive()["event"] == "done");
}

TEST_CASE("thousands of messages over many connections and two I/O threads are answered in order") {
  TestServer server([](Handler socket) { socket.On("echo", [](const Json& data) { return data; }); }, {},
                    {.io_threads = 2, .workers = 3});
  std::vector<TestClient> clients;
  for (int count = 0; count < 20; ++count) clients.push_back(server.Connect());
  for (int number = 0; number < 200; ++number) {
    for (TestClient& client : clients) client.Send("echo", number, number);
  }
  for (TestClient& client : clients) {
    for (int number = 0; number < 200; ++number) {
      if (client.Receive()["id"] != number) FAIL("the reply is out of order");
    }
  }
}

TEST_CASE("Init on a server's I/O thread runs on the context of its stream, if that is another one") {
  namespace asio = boost::asio;
  asio::io_context context(1);
  asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  TestClient peer(ws::test::DialTcp(acceptor.local_endpoint().port()));
  Handler mounted;
  std::promise<Error> opened;
  Latch held;
  std::atomic<bool> in_time = false;
  TestServer server([&](Handler) {
    auto init = mounted.Init(acceptor.accept(), ws::test::UpgradeRequest());
    auto done = [&](std::exception_ptr, Error error) { opened.set_value(error); };
    asio::co_spawn(context, std::move(init), done);
    held.Wait();
    in_time = true;
  });
  TestClient holds = server.Dial();
  holds.SendBytes(ws::test::UpgradeText());
  auto work = asio::make_work_guard(context);
  std::thread thread([&] { context.run(); });
  CHECK(peer.ReceiveResponse().status == 101);
  CHECK_FALSE(Get(opened.get_future()));
  for (int number = 0; number < 20; ++number) {
    CHECK_FALSE(mounted.Emit("number", number));
    CHECK(peer.Receive()["data"] == number);
  }
  held.Release();
  CHECK(holds.ReceiveResponse().status == 101);
  CHECK(in_time);
  peer.DropConnection();
  work.reset();
  thread.join();
}
