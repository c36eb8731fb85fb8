// What the callbacks of one message come to.
#include "ws/detail/dispatch/exchange.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Failure;
using ws::Json;
using ws::Order;
using ws::test::FakeOwner;
using ws::test::MakeExchange;
using ws::test::Pause;

namespace {

/// Runs everything on one thread: what does not wait for its turn runs when the rest awaits or has returned.
class Stage final : private Spawner {
 public:
  /// The answer to one message.
  Answer Run(std::shared_ptr<Exchange> exchange = MakeExchange("event", 7)) {
    const std::size_t before = owner->Answers().size();
    if (auto rest = exchange->Start(owner, *this)) asio::co_spawn(context_, std::move(*rest), asio::detached);
    context_.restart();
    context_.run();
    REQUIRE(owner->Answers().size() == before + 1);
    return owner->LastAnswer();
  }

  const std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();

 private:
  void Post(std::function<void()> work) override { asio::post(context_, std::move(work)); }
  void Renew() override {}
  void Spawn(awaitable<void> work, Delivery) override { asio::co_spawn(context_, std::move(work), asio::detached); }

  asio::io_context context_;
};

Json JsonOf(const Answer& answer) {
  return std::get<Json>(answer.result);
}
std::string CodeOf(const Answer& answer) {
  return std::get<Failure>(answer.result).code;
}
bool IsEmpty(const Answer& answer) {
  return std::holds_alternative<std::monostate>(answer.result);
}

}  // namespace

TEST_CASE("A message that nobody hears is told as such") {
  Stage stage;
  const Answer answer = stage.Run();
  CHECK_FALSE(answer.heard);
  CHECK(IsEmpty(answer));
  stage.owner->On("event", [] {});
  CHECK(stage.Run().heard);
}

TEST_CASE("OnAny counts as a callback, and runs last") {
  Stage stage;
  std::string order;
  stage.owner->OnAny([&](ws::test::Peer&, const ws::Message& message) {
    order += "any ";
    return std::string(message.Event());
  });
  CHECK(JsonOf(stage.Run()) == "event");
  stage.owner->On("event", [&] { order += "own "; });
  const Answer answer = stage.Run();
  CHECK(answer.heard);
  CHECK(JsonOf(answer) == "event");
  CHECK(order == "any own any ");
  stage.owner->On("event", [] { return 1; });
  CHECK(JsonOf(stage.Run()) == 1);
}

TEST_CASE("The first value that a callback returns is the reply") {
  Stage stage;
  stage.owner->On("event", [] {});
  stage.owner->On("event", [](const Json& data) { return data; });
  stage.owner->On("event", [] { return "later"; });
  stage.owner->On("event", [] { return Failure{"later", ""}; });
  CHECK(JsonOf(stage.Run()) == 7);
}

TEST_CASE("Where no callback returns a value the reply is empty") {
  Stage stage;
  stage.owner->On("event", [] {});
  stage.owner->On("event", []() -> awaitable<void> { co_await Pause(); });
  CHECK(IsEmpty(stage.Run()));
}

TEST_CASE("A value that is null is a value") {
  Stage stage;
  stage.owner->On("event", [] { return nullptr; });
  stage.owner->On("event", [] { return 1; });
  CHECK(JsonOf(stage.Run()).is_null());
}

TEST_CASE("A Failure is the reply if it comes first") {
  Stage stage;
  stage.owner->On("event", [] { return Failure{"not_found", "no such thing"}; });
  stage.owner->On("event", [] { return 1; });
  CHECK(CodeOf(stage.Run()) == "not_found");
  CHECK(stage.owner->Thrown().empty());
}

TEST_CASE("A Failure without a code is internal") {
  Stage stage;
  stage.owner->On("event", [] { return Failure{}; });
  CHECK(CodeOf(stage.Run()) == "internal");
}

TEST_CASE("After a throw the reply is internal, and the rest still run") {
  Stage stage;
  int ran = 0;
  stage.owner->On("event", [&] { return ++ran; });
  stage.owner->On("event", [] { throw std::runtime_error("the secret inside"); });
  stage.owner->On("event", [&]() -> awaitable<int> {
    co_await Pause();
    co_return ++ran;
  });
  stage.owner->OnAny([&] { ++ran; });
  const Answer answer = stage.Run();
  CHECK(CodeOf(answer) == "internal");
  CHECK(std::get<Failure>(answer.result).message.find("secret") == std::string::npos);
  CHECK(ran == 3);
  CHECK(stage.owner->Thrown() == std::vector<std::string>{"event: the secret inside"});
}

TEST_CASE("Whatever a callback throws ends with it") {
  Stage stage;
  stage.owner->On("event", [] { throw 5; });
  CHECK(CodeOf(stage.Run()) == "internal");
  stage.owner->table.Remove("event");
  stage.owner->On("event", []() -> Json { throw std::bad_alloc(); });
  CHECK(CodeOf(stage.Run()) == "internal");
  stage.owner->table.Remove("event");
  stage.owner->On("event", []() -> awaitable<void> {
    co_await Pause();
    throw "text";
  });
  CHECK(CodeOf(stage.Run()) == "internal");
  CHECK(stage.owner->Thrown().size() == 3);
}

TEST_CASE("Data that does not fit its type is answered with its place") {
  Stage stage;
  bool ran = false;
  stage.owner->On("event", [] { return 1; });
  stage.owner->table.Add("event", MakeCallback<ws::test::Peer>([]() -> Json {
                           throw InvalidPayload{"/a/0", "must be of type number"};
                         }));
  stage.owner->On("event", [&] {
    ran = true;
    throw std::runtime_error("later");
  });
  const Answer answer = stage.Run();
  CHECK(CodeOf(answer) == "invalid_payload");
  CHECK(std::get<Failure>(answer.result).message == "must be of type number");
  CHECK(answer.path == "/a/0");
  CHECK(ran);
}

TEST_CASE("A coroutine that was cancelled is internal to the peer and nothing to the log") {
  Stage stage;
  stage.owner->On("event", []() -> awaitable<void> {
    co_await Pause();
    throw boost::system::system_error(asio::error::operation_aborted);
  });
  CHECK(CodeOf(stage.Run()) == "internal");
  CHECK(stage.owner->Thrown().empty());
}

TEST_CASE("A coroutine is awaited before the next callback runs") {
  Stage stage;
  std::string order;
  for (const char* name : {"a", "b", "c"}) {
    stage.owner->On("event", [&order, name]() -> awaitable<void> {
      order += name;
      co_await Pause();
      order += name;
    });
    stage.owner->On("event", [&order] { order += '-'; });
  }
  stage.Run();
  CHECK(order == "aa-bb-cc-");
}

TEST_CASE("Unordered callbacks run beside the ordered ones, and the answer waits for them") {
  Stage stage;
  std::string order;
  stage.owner->On(
      "event",
      [&] {
        order += "plain ";
        return 1;
      },
      Order::Concurrent);
  stage.owner->On(
      "event",
      [&]() -> awaitable<int> {
        order += "coroutine ";
        co_await Pause();
        co_return 2;
      },
      Order::Concurrent);
  stage.owner->On("event", [&] {
    order += "ordered ";
    return 3;
  });
  const Answer answer = stage.Run();
  // The first in the order of registration gives the reply, whichever returned first.
  CHECK(JsonOf(answer) == 1);
  CHECK(order == "ordered plain coroutine ");
}

TEST_CASE("An unordered callback that throws makes the reply internal") {
  Stage stage;
  stage.owner->On(
      "event", [] { throw 1; }, Order::Concurrent);
  stage.owner->On(
      "event",
      []() -> awaitable<void> {
        throw std::runtime_error("x");
        co_return;
      },
      Order::Concurrent);
  stage.owner->On("event", [] { return 1; });
  CHECK(CodeOf(stage.Run()) == "internal");
  CHECK(stage.owner->Thrown().size() == 2);
}

TEST_CASE("A Once runs once and leaves the table before it runs") {
  Stage stage;
  int ran = 0;
  stage.owner->Once("event", [&] {
    ++ran;
    CHECK(stage.owner->table.Find("event") == nullptr);
  });
  CHECK(stage.Run().heard);
  CHECK_FALSE(stage.Run().heard);
  CHECK(ran == 1);
}

TEST_CASE("A Once runs once though two messages found it") {
  Stage stage;
  int ran = 0;
  stage.owner->Once("event", [&] { ++ran; });
  const auto list = stage.owner->table.Find("event");
  stage.Run();
  const auto again = MakeExchange("event");
  again->Only(list->front());
  CHECK(IsEmpty(stage.Run(again)));
  CHECK(ran == 1);
}

TEST_CASE("A callback may take itself away, and still runs to its end") {
  Stage stage;
  auto text = std::make_unique<std::string>("a capture that a freed callback would have lost");
  stage.owner->On("event", [&stage, text = std::move(text)]() -> awaitable<std::string> {
    stage.owner->table.Remove("event");
    co_await Pause();
    co_return *text;
  });
  CHECK(JsonOf(stage.Run()) == "a capture that a freed callback would have lost");
  CHECK_FALSE(stage.Run().heard);
}

TEST_CASE("What a callback registers hears the next message, not this one") {
  Stage stage;
  int late = 0;
  stage.owner->On("event", [&] { stage.owner->On("event", [&] { ++late; }); });
  stage.Run();
  CHECK(late == 0);
  stage.Run();
  CHECK(late == 1);
}
