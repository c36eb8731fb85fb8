// PROTOCOL.md 5: bounds on both sides, and who waits for whom.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/memory_session.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ws::Errc;
using ws::Error;
using ws::Handler;
using ws::Json;
using ws::Options;
using ws::test::Door;
using ws::test::Get;
using ws::test::Journal;
using ws::test::MemorySession;

namespace {

// How many of `count` emits are accepted by a queue whose socket takes nothing.
int Fill(Handler& socket, int count) {
  int accepted = 0;
  for (int number = 0; number < count; ++number) accepted += socket.Emit("n", number) ? 0 : 1;
  return accepted;
}

}  // namespace

TEST_CASE("a full mailbox stops reading, and half done it goes on") {
  Door door;
  Journal journal;
  MemorySession session(Options{.max_inbound_messages = 4});
  session.socket.On("n", [&](const Json& data) {
    door.Pass();
    journal.Add(data.dump());
  });
  session.Open();
  for (int number = 0; number < 100; ++number) session.peer.Send("n", number);
  while (session.socket.Stats().messages_in < 4) session.Settle();
  session.Settle();
  CHECK(session.socket.Stats().messages_in == 4);
  door.Open();
  const auto entries = journal.WaitFor(100);
  for (int number = 0; number < 100; ++number)
    CHECK(entries[static_cast<std::size_t>(number)] == std::to_string(number));
}

TEST_CASE("an empty mailbox admits one message larger than its bound in bytes") {
  Journal journal;
  MemorySession session(Options{.max_inbound_bytes = 10});
  session.socket.On("n", [&](const Json& data) { journal.Add(data); });
  session.Open();
  session.peer.Send("n", std::string(1000, 'x'));
  session.peer.Send("n", std::string(1000, 'y'));
  CHECK(journal.WaitFor(2)[1] == std::string(1000, 'y'));
}

TEST_CASE("while the mailbox is full the replies to our requests still get through") {
  Door door;
  MemorySession session(Options{.max_inbound_messages = 4});
  session.socket.On("n", [&] { door.Pass(); });
  session.Open();
  auto reply = session.Start(session.socket.RequestAsync("ask"));
  const Json question = session.peer.Receive();
  for (int number = 0; number < 6; ++number) session.peer.Send("n");
  session.peer.Send("$ack", 42, question["id"]);
  CHECK(Get(std::move(reply)).data == 42);
  door.Open();
}

TEST_CASE("Emit refuses past the queue's bound, counts what it refused, and logs the first loss of an episode") {
  std::atomic<int> warnings = 0;
  Options options{.max_outbound_messages = 8};
  options.log = [&](const ws::LogRecord& record) { warnings += record.level == ws::LogLevel::Warning ? 1 : 0; };
  MemorySession session(std::move(options));
  session.Open();
  session.BlockWrites(true);
  CHECK(Fill(session.socket, 20) == 8);
  CHECK(session.socket.Stats().queued_messages == 8);
  CHECK(session.socket.Stats().dropped == 12);
  CHECK(session.socket.EmitVolatile("v") == Errc::QueueFull);
  CHECK(warnings == 1);
  session.BlockWrites(false);
  for (int number = 0; number < 8; ++number) CHECK(session.peer.Receive()["data"] == number);
}

TEST_CASE("DropOldest keeps the newest") {
  MemorySession session(Options{.max_outbound_messages = 8, .overflow = ws::Overflow::DropOldest});
  session.Open();
  CHECK_FALSE(session.socket.Emit("first"));
  CHECK(session.peer.Receive()["event"] == "first");
  while (session.socket.Stats().queued_messages != 0) session.Settle();
  session.Settle();  // the writer waits for more
  session.BlockWrites(true);
  // What is under way cannot be dropped: one message, and the rest behind it.
  CHECK_FALSE(session.socket.Emit("n", -1));
  session.Settle();
  CHECK(Fill(session.socket, 100) == 100);
  CHECK(session.socket.Stats().queued_messages <= 8);
  session.BlockWrites(false);
  int last = session.peer.Receive()["data"];
  while (last != 99) {
    const int number = session.peer.Receive()["data"];
    CHECK(number > last);
    last = number;
  }
}

TEST_CASE("a message larger than the queue is too_large under every policy, and one as large is sent") {
  const auto overflow = GENERATE(ws::Overflow::Refuse, ws::Overflow::DropOldest, ws::Overflow::Close);
  MemorySession session(Options{.max_outbound_bytes = 1000, .overflow = overflow});
  session.Open();
  CHECK(session.socket.Send(std::string(1001, 'x')) == Errc::TooLarge);
  CHECK(Get(session.Start(session.socket.SendAsync(std::string(1001, 'x')))) == Errc::TooLarge);
  CHECK_FALSE(session.socket.Send(std::string(1000, 'x')));
  CHECK(session.peer.ReceiveMessage().payload.size() == 1000);
}

TEST_CASE("EmitAsync waits for room, first come first served, and all arrive in order") {
  MemorySession session(Options{.max_outbound_messages = 4});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  for (int number = 0; number < 50; ++number) {
    const Json data = number;
    waits.push_back(session.Start(session.socket.EmitAsync("n", data)));
  }
  session.Settle();
  CHECK(waits.back().wait_for(0ms) == std::future_status::timeout);
  session.BlockWrites(false);
  for (int number = 0; number < 50; ++number) CHECK(session.peer.Receive()["data"] == number);
  for (auto& wait : waits) CHECK_FALSE(Get(std::move(wait)));
}

TEST_CASE("a wait for room can be cancelled, and its message is not sent") {
  MemorySession session(Options{.max_outbound_messages = 2});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  for (int number = 0; number < 3; ++number) waits.push_back(session.Start(session.socket.EmitAsync("n")));
  asio::cancellation_signal signal;
  std::promise<std::pair<std::exception_ptr, Error>> cancelled;
  auto work = session.socket.EmitAsync("cancelled");
  asio::co_spawn(session.Context(), std::move(work),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr failure, Error error) {
                   cancelled.set_value({failure, error});
                 }));
  session.Settle();
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

TEST_CASE("the line of those who wait is bounded") {
  MemorySession session(Options{.max_outbound_messages = 2, .max_outbound_bytes = 1000});
  session.Open();
  session.BlockWrites(true);
  std::vector<std::future<Error>> waits;
  const std::string text(300, 'x');
  for (int number = 0; number < 10; ++number) waits.push_back(session.Start(session.socket.SendAsync(text)));
  CHECK(Get(std::move(waits.back())) == Errc::QueueFull);
}

TEST_CASE("OnDrain fires when a queue that was full is down to a quarter, and what it throws harms nobody") {
  Journal journal;
  Options options{.max_outbound_messages = 8};
  options.log = [&](const ws::LogRecord& record) {
    if (record.level == ws::LogLevel::Severe) journal.Add("severe");
  };
  MemorySession session(std::move(options));
  session.socket.OnDrain([&](Handler& peer) {
    journal.Add(std::to_string(peer.Stats().queued_messages <= 2));
    throw 7;
  });
  session.Open();
  CHECK_FALSE(session.socket.Emit("one"));
  CHECK(session.peer.Receive()["event"] == "one");
  for (int round = 0; round < 2; ++round) {
    session.BlockWrites(true);
    const int accepted = Fill(session.socket, 20);
    session.BlockWrites(false);
    for (int number = 0; number < accepted; ++number) session.peer.Receive();
    const auto entries = journal.WaitFor(static_cast<std::size_t>(2 * (round + 1)));
    CHECK(entries[entries.size() - 2] == "1");
    while (session.socket.Stats().queued_messages != 0) session.Settle();
  }
}

TEST_CASE("who pipelines requests and does not read the answers is held back, and none is lost") {
  MemorySession session(Options{.max_inbound_messages = 16, .max_outbound_messages = 16});
  std::atomic<int> handled = 0;
  session.socket.On("ask", [&handled](const Json& data) {
    ++handled;
    return data;
  });
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 500; ++number) session.peer.Send("ask", number, number);
  while (session.socket.Stats().messages_in < 16) session.Settle();
  session.Settle();
  CHECK(handled < 16);
  CHECK(session.socket.Stats().messages_in < 100);
  session.BlockWrites(false);
  for (int number = 0; number < 500; ++number) {
    const Json answer = session.peer.Receive();
    CHECK(answer["id"] == number);
    CHECK(answer["data"] == number);
  }
}

TEST_CASE("a flood of pings from a peer that does not read is held back, and each is answered later") {
  MemorySession session(Options{.max_outbound_messages = 8});
  session.Open();
  session.BlockWrites(true);
  for (int number = 0; number < 500; ++number) session.peer.SendText(R"({"event":"$ping"})");
  while (session.socket.Stats().messages_in < 8) session.Settle();
  session.Settle();
  CHECK(session.socket.Stats().queued_messages < 20);
  session.BlockWrites(false);
  for (int number = 0; number < 500; ++number) CHECK(session.peer.Receive()["event"] == "$pong");
}

TEST_CASE("replies and pongs are never dropped, whatever the policy") {
  const auto overflow = GENERATE(ws::Overflow::Refuse, ws::Overflow::DropOldest);
  MemorySession session(Options{.max_outbound_messages = 4, .overflow = overflow});
  session.socket.On("ask", [] { return "reply"; });
  session.Open();
  session.BlockWrites(true);
  Fill(session.socket, 50);
  session.peer.SendText(R"({"event":"$ping"})");
  session.peer.Send("ask", nullptr, 1);
  while (session.socket.Stats().messages_in < 1) session.Settle();  // the second waits with the first one's answer
  Fill(session.socket, 50);
  session.BlockWrites(false);
  bool pong = false, reply = false;
  while (!pong || !reply) {
    const Json message = session.peer.Receive();
    pong = pong || message["event"] == "$pong";
    reply = reply || message["event"] == "$ack";
  }
}

TEST_CASE("malformed messages are answered with one error a second at most") {
  MemorySession session(Options{.max_malformed = 0});
  session.Open();
  for (int count = 0; count < 200; ++count) session.peer.SendText("{");
  session.peer.Send("ask", nullptr, 1);
  CHECK(session.peer.Receive()["data"]["code"] == "bad_json");
  int more = 0;
  while (session.peer.Receive()["event"] != "$ack") ++more;
  CHECK(more < 40);
}

TEST_CASE("a malformed message that is a request is answered, however many came before it") {
  MemorySession session;
  session.Open();
  for (const char* event : {"5", "\"\"", "null"}) {
    session.peer.SendText(std::string(R"({"id":7,"event":)") + event + "}");
    const ws::Json answer = session.peer.Receive();
    CHECK(answer["event"] == "$ack");
    CHECK(answer["id"] == 7);
    CHECK(answer["error"]["code"] == "bad_message");
  }
  CHECK(session.peer.Close().code == 1000);
}
