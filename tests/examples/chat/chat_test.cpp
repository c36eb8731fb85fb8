#include "chat.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "ws/client.hpp"
#include "ws/server.hpp"

namespace {

constexpr std::chrono::seconds timeout{30};

// Runs the server of main.cpp on a free port.
struct RunningServer {
  RunningServer() {
    server.Route("/ws", [](ws::Handler) {});
    REQUIRE_FALSE(server.Start());
  }
  ~RunningServer() { server.Stop(); }

  std::string Url() const { return "ws://127.0.0.1:" + std::to_string(server.Port()) + "/ws"; }

  ws::Server server{{.port = 0}};
  chat::Chat events{server.Hub()};
};

ws::Reply Request(ws::Client& client, std::string_view event, const ws::Json& data) {
  auto promise = std::make_shared<std::promise<ws::Reply>>();
  client.Request(
      event, data, [promise](ws::Reply reply) { promise->set_value(std::move(reply)); }, timeout);
  return promise->get_future().get();
}

// A client that joins and records the numbers of the messages that it receives. `done` is fulfilled when the message
// with the number `last` has come.
struct Listener {
  Listener(const RunningServer& server, const std::string& nick, int last)
      : client({.url = server.Url()}), last_(last) {
    client.On("room", [this](const ws::Json& room) {
      for (const ws::Json& message : room.at("messages")) Record(message.get<chat::Message>());
    });
    client.OnTyped("message", [this](const chat::Message& message) { Record(message); });
    client.Emit("join", {{"room", "tea"}, {"nick", nick}, {"key", nick}});
    client.Start();
  }
  ~Listener() { client.Stop(); }

  void Record(const chat::Message& message) {
    received.push_back(std::stoi(message.id));
    if (received.back() == last_) done.set_value();
  }

  std::vector<int> received;
  std::promise<void> done;
  ws::Client client;

 private:
  const int last_;
};

}  // namespace

TEST_CASE("a client that joins during a conversation receives every message once and in order") {
  constexpr int last = 299;
  const RunningServer server;
  ws::Client sender({.url = server.Url()});
  sender.Start();
  REQUIRE_FALSE(Request(sender, "join", {{"room", "tea"}, {"nick", "Ada"}, {"key", "hers"}}).error);

  std::vector<std::unique_ptr<Listener>> listeners;
  for (int number = 0; number <= last; ++number) {
    if (number % 20 == 0) {
      listeners.push_back(std::make_unique<Listener>(server, "listener " + std::to_string(number), last));
    }
    REQUIRE_FALSE(Request(sender, "say", {{"id", std::to_string(number)}, {"text", "hello"}}).error);
  }
  for (const auto& listener : listeners) {
    REQUIRE(listener->done.get_future().wait_for(timeout) == std::future_status::ready);
    std::vector<int> expected;
    for (int number = listener->received.front(); number <= last; ++number) expected.push_back(number);
    CHECK(listener->received == expected);
  }
  sender.Stop();
}

TEST_CASE("an invalid request is answered with an error code and a text") {
  const RunningServer server;
  ws::Client client({.url = server.Url()});
  client.Start();
  CHECK(Request(client, "say", {{"id", "1"}, {"text", "hello"}}).failure.code == "not_joined");
  CHECK(Request(client, "join", {{"room", "tea"}}).failure.code == "invalid_payload");
  CHECK(Request(client, "join", {{"room", "tea"}, {"nick", " "}, {"key", "k"}}).failure.message ==
        "A nick needs 1 to 24 characters");
  client.Stop();
}

TEST_CASE("a connection with the same key takes the membership over, and the old connection is closed with 1000") {
  const RunningServer server;
  ws::Client first({.url = server.Url()}), second({.url = server.Url()});
  std::promise<ws::CloseReason> ended;
  first.OnTyped("disconnect", [&](const ws::CloseReason& reason) { ended.set_value(reason); });
  first.Start();
  second.Start();
  const ws::Json join = {{"room", "tea"}, {"nick", "Ada"}, {"key", "hers"}};
  REQUIRE_FALSE(Request(first, "join", join).error);
  REQUIRE_FALSE(Request(second, "join", join).error);
  auto end = ended.get_future();
  REQUIRE(end.wait_for(timeout) == std::future_status::ready);
  CHECK(end.get().code == 1000);
  CHECK_FALSE(Request(second, "say", {{"id", "1"}, {"text", "hello"}}).error);
  first.Stop();
  second.Stop();
}
