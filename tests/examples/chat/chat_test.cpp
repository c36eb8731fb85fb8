#include "chat.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "ws/client.hpp"
#include "ws/server.hpp"

namespace {

constexpr std::chrono::seconds patience{30};

// The server of main.cpp, on any port that is free.
struct Place {
  Place() {
    server.Route("/ws", [](ws::Handler) {});
    REQUIRE_FALSE(server.Start());
  }
  ~Place() { server.Stop(); }

  std::string Url() const { return "ws://127.0.0.1:" + std::to_string(server.Port()) + "/ws"; }

  ws::Server server{{.port = 0}};
  chat::Chat events{server.Hub()};
};

ws::Reply Ask(ws::Client& client, std::string_view event, const ws::Json& data) {
  auto answered = std::make_shared<std::promise<ws::Reply>>();
  client.Request(
      event, data, [answered](ws::Reply reply) { answered->set_value(std::move(reply)); }, patience);
  return answered->get_future().get();
}

// Joins, and hears messages up to the one numbered `last`.
struct Listener {
  Listener(const Place& place, const std::string& nick, int last) : client({.url = place.Url()}), last_(last) {
    client.On("room", [this](const ws::Json& room) {
      for (const ws::Json& message : room.at("messages")) Take(message.get<chat::Message>());
    });
    client.OnTyped("message", [this](const chat::Message& message) { Take(message); });
    client.Emit("join", {{"room", "tea"}, {"nick", nick}, {"key", nick}});
    client.Start();
  }
  ~Listener() { client.Stop(); }

  void Take(const chat::Message& message) {
    heard.push_back(std::stoi(message.id));
    if (heard.back() == last_) done.set_value();
  }

  std::vector<int> heard;
  std::promise<void> done;
  ws::Client client;

 private:
  const int last_;
};

}  // namespace

TEST_CASE("who joins while somebody speaks hears everything once and in order") {
  constexpr int last = 299;
  const Place place;
  ws::Client speaker({.url = place.Url()});
  speaker.Start();
  REQUIRE_FALSE(Ask(speaker, "join", {{"room", "tea"}, {"nick", "Ada"}, {"key", "hers"}}).error);

  std::vector<std::unique_ptr<Listener>> listeners;
  for (int number = 0; number <= last; ++number) {
    if (number % 20 == 0) {
      listeners.push_back(std::make_unique<Listener>(place, "listener " + std::to_string(number), last));
    }
    REQUIRE_FALSE(Ask(speaker, "say", {{"id", std::to_string(number)}, {"text", "hello"}}).error);
  }
  for (const auto& listener : listeners) {
    REQUIRE(listener->done.get_future().wait_for(patience) == std::future_status::ready);
    std::vector<int> expected;
    for (int number = listener->heard.front(); number <= last; ++number) expected.push_back(number);
    CHECK(listener->heard == expected);
  }
  speaker.Stop();
}

TEST_CASE("what is wrong with a request is answered in words") {
  const Place place;
  ws::Client client({.url = place.Url()});
  client.Start();
  CHECK(Ask(client, "say", {{"id", "1"}, {"text", "hello"}}).failure.code == "not_joined");
  CHECK(Ask(client, "join", {{"room", "tea"}}).failure.code == "invalid_payload");
  CHECK(Ask(client, "join", {{"room", "tea"}, {"nick", " "}, {"key", "k"}}).failure.message ==
        "A nick needs 1 to 24 characters");
  client.Stop();
}

TEST_CASE("the same key takes the seat over, and the connection that held it is closed for good") {
  const Place place;
  ws::Client first({.url = place.Url()}), second({.url = place.Url()});
  std::promise<ws::CloseReason> ended;
  first.OnTyped("disconnect", [&](const ws::CloseReason& reason) { ended.set_value(reason); });
  first.Start();
  second.Start();
  const ws::Json join = {{"room", "tea"}, {"nick", "Ada"}, {"key", "hers"}};
  REQUIRE_FALSE(Ask(first, "join", join).error);
  REQUIRE_FALSE(Ask(second, "join", join).error);
  auto end = ended.get_future();
  REQUIRE(end.wait_for(patience) == std::future_status::ready);
  CHECK(end.get().code == 1000);
  CHECK_FALSE(Ask(second, "say", {{"id", "1"}, {"text", "hello"}}).error);
  first.Stop();
  second.Stop();
}
