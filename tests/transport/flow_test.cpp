// protocol.md 5: the limits and the flow control in both directions.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <vector>

#include "support/memory_session.hpp"
#include "support/prelude.hpp"

namespace {

// Emits `count` messages, and returns how many the queue accepted.
int EmitMany(Handler& socket, int count) {
  int accepted = 0;
  for (int number = 0; number < count; ++number) accepted += socket.Emit("n", number) ? 0 : 1;
  return accepted;
}

}  // namespace

TEST_CASE("a full mailbox pauses the reader, and it continues as callbacks finish") {
  Latch latch;
  Recorder recorder;
  MemorySession session(Options{.max_inbound_messages = 4});
  session.socket.On("n", [&](const Json& data) {
    latch.Wait();
    recorder.Add(data.dump());
  });
  session.Open();
  for (int number = 0; number < 100; ++number) session.peer.Send("n", number);
  while (session.socket.Stats().messages_in < 4) session.RunReadyHandlers();
  session.RunReadyHandlers();
  CHECK(session.socket.Stats().messages_in == 4);
  latch.Release();
  const auto entries = recorder.WaitFor(100);
  for (int number = 0; number < 100; ++number)
    CHECK(entries[static_cast<std::size_t>(number)] == std::to_string(number));
}

TEST_CASE("an empty mailbox accepts one message that is larger than max_inbound_bytes") {
  Recorder recorder;
  MemorySession session(Options{.max_inbound_bytes = 10});
  session.socket.On("n", [&](const Json& data) { recorder.Add(data); });
  session.Open();
  session.peer.Send("n", std::string(1000, 'x'));
  session.peer.Send("n", std::string(1000, 'y'));
  CHECK(recorder.WaitFor(2)[1] == std::string(1000, 'y'));
}

TEST_CASE("replies to our requests are received while the mailbox is full") {
  Latch latch;
  MemorySession session(Options{.max_inbound_messages = 4});
  session.socket.On("n", [&] { latch.Wait(); });
  session.Open();
  auto reply = session.Spawn(session.socket.RequestAsync("ask"));
  const Json question = session.peer.Receive();
  for (int number = 0; number < 6; ++number) session.peer.Send("n");
  session.peer.Send("$ack", 42, question["id"]);
  CHECK(Get(std::move(reply)).data == 42);
  latch.Release();
}

TEST_CASE("Emit refuses messages beyond the queue's limit, counts them, and logs one warning") {
  std::atomic<int> warnings = 0;
  Options options{.max_outbound_messages = 8};
  options.log = [&](const ws::LogRecord& record) { warnings += record.level == ws::LogLevel::Warning ? 1 : 0; };
  MemorySession session(std::move(options));
  session.Open();
  session.BlockWrites(true);
  CHECK(EmitMany(session.socket, 20) == 8);
  CHECK(session.socket.Stats().queued_messages == 8);
  CHECK(session.socket.Stats().dropped == 12);
  CHECK(session.socket.EmitVolatile("v") == Errc::QueueFull);
  CHECK(warnings == 1);
  session.BlockWrites(false);
  for (int number = 0; number < 8; ++number) CHECK(session.peer.Receive()["data"] == number);
}

TEST_CASE("the overflow policy DropOldest keeps the newest messages") {
  MemorySession session(Options{.max_outbound_messages = 8, .overflow = ws::Overflow::DropOldest});
  session.Open();
  CHECK_FALSE(session.socket.Emit("first"));
  CHECK(session.peer.Receive()["event"] == "first");
  while (session.socket.Stats().queued_messages != 0) session.RunReadyHandlers();
  session.RunReadyHandlers();  // the writer is idle
  session.BlockWrites(true);
  // A message that is being written cannot be dropped. One message is being written, and the others are queued.
  CHECK_FALSE(session.socket.Emit("n", -1));
  session.RunReadyHandlers();
  CHECK(EmitMany(session.socket, 100) == 100);
  CHECK(session.socket.Stats().queued_messages <= 8);
  session.BlockWrites(false);
  int last = session.peer.Receive()["data"];
  while (last != 99) {
    const int number = session.peer.Receive()["data"];
    CHECK(number > last);
    last = number;
  }
}

TEST_CASE(
    "a message larger than the queue fails with too_large under every policy, and one of exactly that size is sent") {
  const auto overflow = GENERATE(ws::Overflow::Refuse, ws::Overflow::DropOldest, ws::Overflow::Close);
  MemorySession session(Options{.max_outbound_bytes = 1000, .overflow = overflow});
  session.Open();
  CHECK(session.socket.Send(std::string(1001, 'x')) == Errc::TooLarge);
  CHECK(Get(session.Spawn(session.socket.SendAsync(std::string(1001, 'x')))) == Errc::TooLarge);
  CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
  CHECK(session.peer.ReceiveMessage().payload.size() == 1000);
}

TEST_CASE("EmitAsync calls wait for room in the order of the calls, and all messages arrive in order") {
  MemorySession session(Options{.max_outbound_messages = 4});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  for (int number = 0; number < 50; ++number) {
    const Json data = number;
    waits.push_back(session.Spawn(session.socket.EmitAsync("n", data)));
  }
  session.RunReadyHandlers();
  CHECK(waits.back().wait_for(0ms) == std::future_status::timeout);
  session.BlockWrites(false);
  for (int number = 0; number < 50; ++number) CHECK(session.peer.Receive()["data"] == number);
  for (auto& wait : waits) CHECK_FALSE(Get(std::move(wait)));
}

TEST_CASE("an EmitAsync that waits for room can be cancelled, and its message is not sent") {
  MemorySession session(Options{.max_outbound_messages = 2});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  for (int number = 0; number < 3; ++number) waits.push_back(session.Spawn(session.socket.EmitAsync("n")));
  asio::cancellation_signal signal;
  std::promise<std::pair<std::exception_ptr, Error>> cancelled;
  auto work = session.socket.EmitAsync("cancelled");
  asio::co_spawn(session.Context(), std::move(work),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Error error) {
                   cancelled.set_value({failure, error});
                 }));
  session.RunReadyHandlers();
  asio::post(session.Context(), [&] { signal.emit(asio::cancellation_type::terminal); });
  const auto [failure, error] = Get(cancelled.get_future());
  CHECK_FALSE(failure);
  CHECK(error == Errc::Cancelled);
  session.BlockWrites(false);
  for (auto& wait : waits) CHECK_FALSE(Get(std::move(wait)));
  CHECK_FALSE(session.socket.Emit("last"));
  Json message;
  do {
    message = session.peer.Receive();
    CHECK(message["event"] != "cancelled");
  } while (message["event"] != "last");
}

TEST_CASE("the number of SendAsync calls that wait for room is limited") {
  MemorySession session(Options{.max_outbound_messages = 2, .max_outbound_bytes = 1000});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  const std::string text(300, 'x');
  for (int number = 0; number < 10; ++number) waits.push_back(session.Spawn(session.socket.SendAsync(text)));
  CHECK(Get(std::move(waits.back())) == Errc::QueueFull);
}

TEST_CASE(
    "OnDrain is called when a queue that was full falls to a quarter of its limit, and its exceptions are logged") {
  Recorder recorder;
  Options options{.max_outbound_messages = 8};
  options.log = [&](const ws::LogRecord& record) {
    if (record.level == ws::LogLevel::Severe) recorder.Add("severe");
  };
  MemorySession session(std::move(options));
  session.socket.OnDrain([&](Handler& socket) {
    recorder.Add(std::to_string(socket.Stats().queued_messages <= 2));
    throw 7;
  });
  session.Open();
  CHECK_FALSE(session.socket.Emit("one"));
  CHECK(session.peer.Receive()["event"] == "one");
  for (int round = 0; round < 2; ++round) {
    session.BlockWrites(true);
    const int accepted = EmitMany(session.socket, 20);
    session.BlockWrites(false);
    for (int number = 0; number < accepted; ++number) session.peer.Receive();
    const auto entries = recorder.WaitFor(static_cast<std::size_t>(2 * (round + 1)));
    CHECK(entries[entries.size() - 2] == "1");
    while (session.socket.Stats().queued_messages != 0) session.RunReadyHandlers();
  }
}

TEST_CASE("a peer that pipelines requests without reading the replies is throttled, and no reply is lost") {
  MemorySession session(Options{.max_inbound_messages = 16, .max_outbound_messages = 16});
  std::atomic<int> handled = 0;
  session.socket.On("ask", [&handled](const Json& data) {
    ++handled;
    return data;
  });
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 500; ++number) session.peer.Send("ask", number, number);
  while (session.socket.Stats().messages_in < 16) session.RunReadyHandlers();
  session.RunReadyHandlers();
  CHECK(handled < 16);
  CHECK(session.socket.Stats().messages_in < 100);
  session.BlockWrites(false);
  for (int number = 0; number < 500; ++number) {
    const Json answer = session.peer.Receive();
    CHECK(answer["id"] == number);
    CHECK(answer["data"] == number);
  }
}

TEST_CASE("a peer that sends many pings without reading is throttled, and each ping is answered later") {
  MemorySession session(Options{.max_outbound_messages = 8});
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 500; ++number) session.peer.SendText(R"({"event":"$ping"})");
  while (session.socket.Stats().messages_in < 8) session.RunReadyHandlers();
  session.RunReadyHandlers();
  CHECK(session.socket.Stats().queued_messages < 20);
  session.BlockWrites(false);
  for (int number = 0; number < 500; ++number) CHECK(session.peer.Receive()["event"] == "$pong");
}

TEST_CASE("replies and pongs are not dropped under any overflow policy") {
  const auto overflow = GENERATE(ws::Overflow::Refuse, ws::Overflow::DropOldest);
  MemorySession session(Options{.max_outbound_messages = 4, .overflow = overflow});
  session.socket.On("ask", [] { return "reply"; });
  session.Open();
  session.BlockWrites(true);
  EmitMany(session.socket, 50);
  session.peer.SendText(R"({"event":"$ping"})");
  session.peer.Send("ask", nullptr, 1);
  while (session.socket.Stats().messages_in < 1)
    session.RunReadyHandlers();  // the second message waits until the first one's answer has room
  EmitMany(session.socket, 50);
  session.BlockWrites(false);
  bool pong = false, reply = false;
  while (!pong || !reply) {
    const Json message = session.peer.Receive();
    pong = pong || message["event"] == "$pong";
    reply = reply || message["event"] == "$ack";
  }
}

TEST_CASE("malformed messages are answered with at most one error per second") {
  MemorySession session(Options{.max_malformed = 0});
  session.Open();
  for (int count = 0; count < 200; ++count) session.peer.SendText("{");
  session.peer.Send("ask", nullptr, 1);
  CHECK(session.peer.Receive()["data"]["code"] == "bad_json");
  int more = 0;
  while (session.peer.Receive()["event"] != "$ack") ++more;
  CHECK(more < 40);
}

TEST_CASE("every malformed message with an id gets an error reply") {
  MemorySession session;
  session.Open();
  for (const char* event : {"5", "\"\"", "null"}) {
    session.peer.SendText(std::string(R"({"id":7,"event":)") + event + "}");
    const Json answer = session.peer.Receive();
    CHECK(answer["event"] == "$ack");
    CHECK(answer["id"] == 7);
    CHECK(answer["error"]["code"] == "bad_message");
  }
  CHECK(session.peer.Close().code == 1000);
}
