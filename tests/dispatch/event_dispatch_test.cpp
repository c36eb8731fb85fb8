// The result of all callbacks of one message.
#include "ws/detail/dispatch/event_dispatch.hpp"

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
using ws::test::MakeDispatch;
using ws::test::YieldAsync;

namespace {

// Runs dispatches on one thread. Posted and spawned work runs when the sequential part awaits or has returned.
class Runner final : private ConcurrentRunner {
 public:
  // Runs the callbacks of one message and returns its answer.
  DispatchResult Run(std::shared_ptr<EventDispatch> dispatch = MakeDispatch("event", 7)) {
    const std::size_t before = owner->Answers().size();
    if (auto rest = dispatch->Start(owner, *this)) asio::co_spawn(context_, std::move(*rest), asio::detached);
    context_.restart();
    context_.run();
    REQUIRE(owner->Answers().size() == before + 1);
    return owner->LastAnswer();
  }

  const std::shared_ptr<FakeOwner> owner = std::make_shared<FakeOwner>();

 private:
  void Post(std::function<void()> work) override { asio::post(context_, std::move(work)); }
  void PropagateCancellation() override {}
  void Spawn(awaitable<void> work, EventKind) override { asio::co_spawn(context_, std::move(work), asio::detached); }

  asio::io_context context_;
};

Json JsonOf(const DispatchResult& answer) {
  return *answer.result.AsValue();
}
std::string CodeOf(const DispatchResult& answer) {
  return answer.result.AsFailure()->code;
}
bool IsEmpty(const DispatchResult& answer) {
  return answer.result.IsEmpty();
}

}  // namespace

TEST_CASE("A message without callbacks is reported as not handled") {
  Runner runner;
  const DispatchResult answer = runner.Run();
  CHECK_FALSE(answer.has_callback);
  CHECK(IsEmpty(answer));
  runner.owner->On("event", [] {});
  CHECK(runner.Run().has_callback);
}

TEST_CASE("OnAny counts as a callback and runs last") {
  Runner runner;
  std::string order;
  runner.owner->OnAny([&](ws::test::Peer&, const ws::Message& message) {
    order += "any ";
    return std::string(message.Event());
  });
  CHECK(JsonOf(runner.Run()) == "event");
  runner.owner->On("event", [&] { order += "own "; });
  const DispatchResult answer = runner.Run();
  CHECK(answer.has_callback);
  CHECK(JsonOf(answer) == "event");
  CHECK(order == "any own any ");
  runner.owner->On("event", [] { return 1; });
  CHECK(JsonOf(runner.Run()) == 1);
}

TEST_CASE("The first value that a callback returns is the reply") {
  Runner runner;
  runner.owner->On("event", [] {});
  runner.owner->On("event", [](const Json& data) { return data; });
  runner.owner->On("event", [] { return "later"; });
  runner.owner->On("event", [] { return Failure{"later", ""}; });
  CHECK(JsonOf(runner.Run()) == 7);
}

TEST_CASE("If no callback returns a value, the reply is empty") {
  Runner runner;
  runner.owner->On("event", [] {});
  runner.owner->On("event", []() -> awaitable<void> { co_await YieldAsync(); });
  CHECK(IsEmpty(runner.Run()));
}

TEST_CASE("A returned null counts as a value") {
  Runner runner;
  runner.owner->On("event", [] { return nullptr; });
  runner.owner->On("event", [] { return 1; });
  CHECK(JsonOf(runner.Run()).is_null());
}

TEST_CASE("A Failure is the reply if it is the first returned value") {
  Runner runner;
  runner.owner->On("event", [] { return Failure{"not_found", "no such thing"}; });
  runner.owner->On("event", [] { return 1; });
  CHECK(CodeOf(runner.Run()) == "not_found");
  CHECK(runner.owner->Thrown().empty());
}

TEST_CASE("A Failure without a code has the code internal") {
  Runner runner;
  runner.owner->On("event", [] { return Failure{}; });
  CHECK(CodeOf(runner.Run()) == "internal");
}

TEST_CASE("After an exception the reply is internal, and the other callbacks still run") {
  Runner runner;
  int ran = 0;
  runner.owner->On("event", [&] { return ++ran; });
  runner.owner->On("event", [] { throw std::runtime_error("the secret inside"); });
  runner.owner->On("event", [&]() -> awaitable<int> {
    co_await YieldAsync();
    co_return ++ran;
  });
  runner.owner->OnAny([&] { ++ran; });
  const DispatchResult answer = runner.Run();
  CHECK(CodeOf(answer) == "internal");
  CHECK(answer.result.AsFailure()->message.find("secret") == std::string::npos);
  CHECK(ran == 3);
  CHECK(runner.owner->Thrown() == std::vector<std::string>{"event: the secret inside"});
}

TEST_CASE("An exception of any type makes the reply internal") {
  Runner runner;
  runner.owner->On("event", [] { throw 5; });
  CHECK(CodeOf(runner.Run()) == "internal");
  runner.owner->table.Remove("event");
  runner.owner->On("event", []() -> Json { throw std::bad_alloc(); });
  CHECK(CodeOf(runner.Run()) == "internal");
  runner.owner->table.Remove("event");
  runner.owner->On("event", []() -> awaitable<void> {
    co_await YieldAsync();
    throw "text";
  });
  CHECK(CodeOf(runner.Run()) == "internal");
  CHECK(runner.owner->Thrown().size() == 3);
}

TEST_CASE("Data of the wrong type is reported with its path") {
  Runner runner;
  bool ran = false;
  runner.owner->On("event", [] { return 1; });
  runner.owner->table.Add("event", MakeCallback<ws::test::Peer>([]() -> Json {
                            throw InvalidPayload{"/a/0", "must be of type number"};
                          }));
  runner.owner->On("event", [&] {
    ran = true;
    throw std::runtime_error("later");
  });
  const DispatchResult answer = runner.Run();
  CHECK(CodeOf(answer) == "invalid_payload");
  CHECK(answer.result.AsFailure()->message == "must be of type number");
  CHECK(answer.path == "/a/0");
  CHECK(ran);
}

TEST_CASE("The reply of a cancelled coroutine is internal, and nothing is logged") {
  Runner runner;
  runner.owner->On("event", []() -> awaitable<void> {
    co_await YieldAsync();
    throw boost::system::system_error(asio::error::operation_aborted);
  });
  CHECK(CodeOf(runner.Run()) == "internal");
  CHECK(runner.owner->Thrown().empty());
}

TEST_CASE("A coroutine is awaited before the next callback runs") {
  Runner runner;
  std::string order;
  for (const char* name : {"a", "b", "c"}) {
    runner.owner->On("event", [&order, name]() -> awaitable<void> {
      order += name;
      co_await YieldAsync();
      order += name;
    });
    runner.owner->On("event", [&order] { order += '-'; });
  }
  runner.Run();
  CHECK(order == "aa-bb-cc-");
}

TEST_CASE("Concurrent callbacks run after the sequential ones have started, and the reply waits for them") {
  Runner runner;
  std::string order;
  runner.owner->On(
      "event",
      [&] {
        order += "plain ";
        return 1;
      },
      Order::Concurrent);
  runner.owner->On(
      "event",
      [&]() -> awaitable<int> {
        order += "coroutine ";
        co_await YieldAsync();
        co_return 2;
      },
      Order::Concurrent);
  runner.owner->On("event", [&] {
    order += "ordered ";
    return 3;
  });
  const DispatchResult answer = runner.Run();
  // The reply comes from the first callback in the order of registration, not from the first that returned.
  CHECK(JsonOf(answer) == 1);
  CHECK(order == "ordered plain coroutine ");
}

TEST_CASE("A concurrent callback that throws makes the reply internal") {
  Runner runner;
  runner.owner->On(
      "event", [] { throw 1; }, Order::Concurrent);
  runner.owner->On(
      "event",
      []() -> awaitable<void> {
        throw std::runtime_error("x");
        co_return;
      },
      Order::Concurrent);
  runner.owner->On("event", [] { return 1; });
  CHECK(CodeOf(runner.Run()) == "internal");
  CHECK(runner.owner->Thrown().size() == 2);
}

TEST_CASE("A Once callback runs once and is removed from the table before it runs") {
  Runner runner;
  int ran = 0;
  runner.owner->Once("event", [&] {
    ++ran;
    CHECK(runner.owner->table.Find("event") == nullptr);
  });
  CHECK(runner.Run().has_callback);
  CHECK_FALSE(runner.Run().has_callback);
  CHECK(ran == 1);
}

TEST_CASE("A Once callback runs once even if two messages have found it") {
  Runner runner;
  int ran = 0;
  runner.owner->Once("event", [&] { ++ran; });
  const auto list = runner.owner->table.Find("event");
  runner.Run();
  const auto again = MakeDispatch("event");
  again->RunOnly(list->front());
  CHECK(IsEmpty(runner.Run(again)));
  CHECK(ran == 1);
}

TEST_CASE("A callback can remove itself and still runs to its end") {
  Runner runner;
  auto text = std::make_unique<std::string>("a capture that a freed callback would have lost");
  runner.owner->On("event", [&runner, text = std::move(text)]() -> awaitable<std::string> {
    runner.owner->table.Remove("event");
    co_await YieldAsync();
    co_return *text;
  });
  CHECK(JsonOf(runner.Run()) == "a capture that a freed callback would have lost");
  CHECK_FALSE(runner.Run().has_callback);
}

TEST_CASE("A callback that is added by a callback receives the next message, not the current one") {
  Runner runner;
  int late = 0;
  runner.owner->On("event", [&] { runner.owner->On("event", [&] { ++late; }); });
  runner.Run();
  CHECK(late == 0);
  runner.Run();
  CHECK(late == 1);
}
