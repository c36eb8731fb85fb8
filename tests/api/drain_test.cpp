// Server::Stop, Server::Run and the destructor of a server drain the open connections.
#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "support/prelude.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::Server;
using ws::ServerOptions;

TEST_CASE("Stop flushes the queues, closes with 1001 and waits for disconnect") {
  std::promise<Handler> opened;
  Recorder recorder;
  TestServer server([&](Handler socket) {
    socket.On("disconnect", [&](const Json& reason) { recorder.Add(reason["reason"]); });
    opened.set_value(socket);
  });
  auto client = server.Connect();
  Handler socket = Get(opened.get_future());
  const std::string text(1000, 'x');
  for (int number = 0; number < 200; ++number) CHECK_FALSE(socket.Emit("n", text));
  std::thread stopping([&] { server->Stop(); });
  for (int number = 0; number < 200; ++number) CHECK(client.Receive()["data"] == text);
  CHECK(client.ReceiveClose().code == 1001);
  client.SendClose(1001);
  client.ReceiveUntilEof();
  client.DropConnection();
  stopping.join();
  CHECK(recorder.Entries() == std::vector<std::string>{"shutdown"});
  CHECK(server->Connections() == 0);
}

TEST_CASE("Stop ends connections whose peer does not answer within drain_timeout") {
  TestServer server([](Handler) {}, {.close_timeout = 60s},
                    {.drain_timeout = 100ms, .log = [](const ws::LogRecord&) {}});
  auto silent = server.Connect();
  auto half = server.Dial();
  half.SendBytes("GET /");
  server->Stop();
  CHECK(silent.ReceiveClose().code == 1001);
  CHECK(silent.ReceiveUntilEof().empty());
}

TEST_CASE("Stop ends connections whose peer leaves the stream open after the last message, within drain_timeout") {
  TestServer server([](Handler) {}, {.close_timeout = 60s},
                    {.drain_timeout = 200ms, .log = [](const ws::LogRecord&) {}});
  auto closed = server.Connect();
  auto refused = server.Dial();
  CHECK(refused.SendRequest(ws::test::UpgradeText("/ws", "Origin: http://elsewhere\r\n")).status == 403);
  auto answered = server.Dial();
  CHECK(answered.SendRequest("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
  std::promise<void> stopped;
  std::thread stopping([&] {
    server->Stop();
    stopped.set_value();
  });
  CHECK(closed.ReceiveClose().code == 1001);
  closed.SendClose(1001);
  CHECK(stopped.get_future().wait_for(4s) == std::future_status::ready);
  closed.DropConnection();
  refused.DropConnection();
  answered.DropConnection();
  stopping.join();
}

TEST_CASE("Stop returns only after the running callbacks have returned") {
  Latch leave;
  std::atomic<bool> returned = false;
  Recorder recorder;
  TestServer server(
      [&](Handler socket) {
        socket.On("block", [&] {
          recorder.Add("in");
          leave.Wait();
          returned = true;
        });
      },
      {}, {.drain_timeout = 50ms, .log = [](const ws::LogRecord&) {}});
  auto client = server.Connect();
  client.Send("block");
  recorder.WaitFor(1);
  std::thread stopping([&] {
    server->Stop();
    recorder.Add(returned ? "after" : "before");
  });
  CHECK(client.ReceiveClose().code == 1001);
  leave.Release();
  stopping.join();
  CHECK(recorder.Entries().back() == "after");
}

TEST_CASE("Stop inside a callback returns before the drain is complete") {
  const auto thread = GENERATE(ws::CallbackThread::Pool, ws::CallbackThread::Io);
  Recorder recorder;
  Server* stopped = nullptr;
  TestServer server(ServerOptions{}, [&](Server& prepared) {
    stopped = &prepared;
    prepared.Route("/ws", {.callback_thread = thread}, [&](Handler socket) {
      socket.On("stop", [&] {
        stopped->Stop();
        recorder.Add("stopped");
      });
      socket.On("disconnect", [&] { recorder.Add("disconnect"); });
    });
  });
  auto client = server.Connect();
  client.Send("stop");
  CHECK(client.ReceiveClose().code == 1001);
  client.SendClose(1001);
  client.ReceiveUntilEof();
  client.DropConnection();
  CHECK(recorder.WaitFor(2) == std::vector<std::string>{"stopped", "disconnect"});
  server->Stop();
  CHECK(server->Port() == 0);
}

TEST_CASE("Stop may be called by several threads at once, and on a server that was never started") {
  for (int round = 0; round < 20; ++round) {
    TestServer server([](Handler) {});
    std::vector<std::thread> threads;
    for (int count = 0; count < 4; ++count) {
      threads.emplace_back([&] {
        server->Stop();
        CHECK(server->Port() == 0);
      });
    }
    for (auto& thread : threads) thread.join();
  }
  Server never;
  never.Stop();
}

TEST_CASE("Stop may be called while Start is running") {
  for (int round = 0; round < 200; ++round) {
    Server server({.port = 0, .io_threads = 4, .workers = 1});
    server.Route("/ws", [](Handler) {});
    std::atomic<bool> started = false;
    std::thread stopping([&] {
      while (!started) server.Stop();
    });
    CHECK_FALSE(server.Start());
    started = true;
    stopping.join();
    server.Stop();
    CHECK(server.Port() == 0);
  }
}

TEST_CASE("Run drains after Stop and after a signal, and returns no error") {
  const bool by_signal = GENERATE(false, true);
  std::promise<void> opened;
  Server server({.port = 0, .workers = 1});
  server.Route("/ws", [&](Handler) { opened.set_value(); });
  std::promise<Error> ran;
  std::thread running([&] { ran.set_value(server.Run()); });
  while (server.Port() == 0) std::this_thread::yield();  // from then on Run handles signals
  TestClient client(ws::test::DialTcp(server.Port()));
  client.Upgrade();
  Get(opened.get_future());
  if (by_signal) ::raise(SIGTERM);
  std::thread stopping([&] {
    if (!by_signal) server.Stop();
  });
  CHECK(client.ReceiveClose().code == 1001);
  client.SendClose(1001);
  client.ReceiveUntilEof();
  client.DropConnection();
  CHECK_FALSE(Get(ran.get_future()));
  stopping.join();
  running.join();
}

TEST_CASE("the destructor of a server with open connections stops it") {
  std::vector<TestClient> clients;
  Recorder recorder;
  {
    TestServer server([&](Handler socket) { socket.On("disconnect", [&] { recorder.Add("disconnect"); }); },
                      {.close_timeout = 50ms});
    for (int count = 0; count < 20; ++count) clients.push_back(server.Connect());
  }
  CHECK(recorder.Size() == 20);
  for (auto& client : clients) CHECK(client.ReceiveClose().code == 1001);
}
