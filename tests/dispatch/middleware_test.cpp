// Middleware: functions that run before the callbacks of a message and can refuse it.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/mailbox_fixture.hpp"

using namespace ws::dispatch;
using ws::Failure;
using ws::Json;
using ws::Message;
using ws::test::ManualMailbox;
using ws::test::Peer;
namespace asio = boost::asio;

namespace {

// Returns the code of the failure, or "none".
std::string FailureCodeOf(const DispatchResult& answer) {
  const Failure* failure = answer.result.AsFailure();
  return failure != nullptr ? failure->code : "none";
}

asio::awaitable<std::optional<Failure>> ReturnLater(std::optional<Failure> refusal) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  co_return refusal;
}

}  // namespace

TEST_CASE("Middleware runs before the callbacks, and a refused message is not handled") {
  ManualMailbox step;
  std::string ran;
  const bool refuse = GENERATE(false, true);
  const bool awaited = GENERATE(false, true);
  step.owner->On("event", [&] { ran += "callback "; });
  step.owner->OnAny([&](Peer&, const Message&) { ran += "any "; });
  const std::optional<Failure> refusal = refuse ? std::optional(Failure{"", "no"}) : std::nullopt;
  if (awaited) {
    step.owner->Use([&](Peer&, const Message& message) {
      ran += "middleware:" + std::string(message.Event()) + " ";
      return ReturnLater(refusal);
    });
  } else {
    step.owner->Use([&](Peer&, const Message& message) {
      ran += "middleware:" + std::string(message.Event()) + " ";
      return refusal;
    });
  }
  step.Put({"event"});
  step.Run();
  CHECK(ran == (refuse ? "middleware:event " : "middleware:event callback any "));
  CHECK(FailureCodeOf(step.owner->LastAnswer()) == (refuse ? "unauthorized" : "none"));
}

TEST_CASE("Middleware runs in order, and the first refusal is the reply") {
  ManualMailbox step;
  std::string ran;
  step.owner->Use([&](Peer&) { ran += "1 "; });
  step.owner->Use([&](Peer&) -> Failure {
    ran += "2 ";
    return {"mine", "no"};
  });
  step.owner->Use([&](Peer&) { ran += "3 "; });
  step.owner->On("event", [&] { ran += "callback "; });
  step.Put({"event"});
  step.Run();
  CHECK(ran == "1 2 ");
  CHECK(FailureCodeOf(step.owner->LastAnswer()) == "mine");
}

TEST_CASE("Middleware that throws refuses the message with internal") {
  ManualMailbox step;
  bool ran = false;
  step.owner->Use([](Peer&) { throw std::runtime_error("secret"); });
  step.owner->On("event", [&] { ran = true; });
  step.Put({"event"});
  step.Run();
  CHECK_FALSE(ran);
  CHECK(FailureCodeOf(step.owner->LastAnswer()) == "internal");
  CHECK(step.owner->Thrown().size() == 1);
}

TEST_CASE("An event for which there is only middleware is not handled") {
  ManualMailbox step;
  step.owner->Use([](Peer&) {});
  step.Put({"event"});
  step.Run();
  CHECK_FALSE(step.owner->LastAnswer().has_callback);
}

TEST_CASE("Middleware does not run for lifecycle events") {
  ManualMailbox step;
  std::string ran;
  step.owner->Use([&](Peer&) { ran += "middleware "; });
  step.owner->On("connect", [&] { ran += "connect "; });
  step.owner->On("disconnect", [&] { ran += "disconnect "; });
  step.Put({"connect", "disconnect"});
  step.Run();
  CHECK(ran == "connect disconnect ");
}

TEST_CASE("A Once callback whose message was refused runs for the next message") {
  ManualMailbox step;
  int ran = 0;
  bool is_accepted = false;
  step.owner->Use([&](Peer&) -> std::optional<Failure> {
    if (is_accepted) return std::nullopt;
    return Failure{};
  });
  step.owner->Once("event", [&] { ++ran; });
  step.Put({"event"});
  step.Run();
  CHECK(ran == 0);
  is_accepted = true;
  step.Put({"event", "event"});
  step.Run();
  CHECK(ran == 1);
}
