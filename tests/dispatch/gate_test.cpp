// What stands before the callbacks of a message.
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/mailbox_stage.hpp"

using namespace ws::dispatch;
using ws::Failure;
using ws::Json;
using ws::Message;
using ws::test::Peer;
using ws::test::Step;
namespace asio = boost::asio;

namespace {

std::string VerdictOf(const Answer& answer) {
  const auto* failure = std::get_if<Failure>(&answer.result);
  return failure != nullptr ? failure->code : "none";
}

asio::awaitable<std::optional<Failure>> Later(std::optional<Failure> verdict) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  co_return verdict;
}

}  // namespace

TEST_CASE("A gate runs before the callbacks, and what it refuses is not handled") {
  Step step;
  std::string ran;
  const bool refuse = GENERATE(false, true);
  const bool awaited = GENERATE(false, true);
  step.owner->On("event", [&] { ran += "callback "; });
  step.owner->OnAny([&](Peer&, const Message&) { ran += "any "; });
  const std::optional<Failure> verdict = refuse ? std::optional(Failure{"", "no"}) : std::nullopt;
  if (awaited) {
    step.owner->Use([&](Peer&, const Message& message) {
      ran += "gate:" + std::string(message.Event()) + " ";
      return Later(verdict);
    });
  } else {
    step.owner->Use([&](Peer&, const Message& message) {
      ran += "gate:" + std::string(message.Event()) + " ";
      return verdict;
    });
  }
  step.Put({"event"});
  step.Run();
  CHECK(ran == (refuse ? "gate:event " : "gate:event callback any "));
  CHECK(VerdictOf(step.owner->LastAnswer()) == (refuse ? "unauthorized" : "none"));
}

TEST_CASE("Gates run in order, and the first that refuses is the answer") {
  Step step;
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
  CHECK(VerdictOf(step.owner->LastAnswer()) == "mine");
}

TEST_CASE("A gate that throws refuses with internal") {
  Step step;
  bool ran = false;
  step.owner->Use([](Peer&) { throw std::runtime_error("secret"); });
  step.owner->On("event", [&] { ran = true; });
  step.Put({"event"});
  step.Run();
  CHECK_FALSE(ran);
  CHECK(VerdictOf(step.owner->LastAnswer()) == "internal");
  CHECK(step.owner->Thrown().size() == 1);
}

TEST_CASE("An event that only gates hear is heard by nobody") {
  Step step;
  step.owner->Use([](Peer&) {});
  step.Put({"event"});
  step.Run();
  CHECK_FALSE(step.owner->LastAnswer().heard);
}

TEST_CASE("Lifecycle events pass no gate") {
  Step step;
  std::string ran;
  step.owner->Use([&](Peer&) { ran += "gate "; });
  step.owner->On("connect", [&] { ran += "connect "; });
  step.owner->On("disconnect", [&] { ran += "disconnect "; });
  step.Put({"connect", "disconnect"});
  step.Run();
  CHECK(ran == "connect disconnect ");
}

TEST_CASE("A refused Once waits for the next message") {
  Step step;
  int ran = 0;
  bool open = false;
  step.owner->Use([&](Peer&) -> std::optional<Failure> {
    if (open) return std::nullopt;
    return Failure{};
  });
  step.owner->Once("event", [&] { ++ran; });
  step.Put({"event"});
  step.Run();
  CHECK(ran == 0);
  open = true;
  step.Put({"event", "event"});
  step.Run();
  CHECK(ran == 1);
}
