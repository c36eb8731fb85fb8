// What a callback is given, and what becomes of what it gives back.
#include "ws/detail/dispatch/callback.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_peer.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Failure;
using ws::Json;
using ws::Message;
using ws::test::JsonOf;
using ws::test::Pause;
using ws::test::Peer;
using ws::test::ResultOf;

namespace {

template <class F>
CallbackPtr Make(F&& function) {
  return MakeCallback<Peer>(std::forward<F>(function));
}

struct Worth {
  int value = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Worth, value)
};

/// Runs a coroutine callback whose caller keeps neither it nor the message.
Result Await(CallbackPtr callback, Json data = nullptr) {
  asio::io_context context;
  Result result;
  Callback* const raw = callback.get();
  Outcome outcome =
      raw->Invoke(std::move(callback), nullptr, std::make_shared<const Message>("event", std::move(data)));
  asio::co_spawn(context, std::move(std::get<1>(outcome)), [&](std::exception_ptr failure, Result value) {
    if (failure) std::rethrow_exception(failure);
    result = std::move(value);
  });
  context.run();
  return result;
}

Json Double(const Json& data) noexcept {
  return data.get<int>() * 2;
}

}  // namespace

TEST_CASE("Each shape is given what it asks for") {
  CHECK(JsonOf(ResultOf(Make([](Peer&, const Json& data) { return data; }), 7)) == 7);
  CHECK(JsonOf(ResultOf(Make([](const Json& data) { return data; }), "text")) == "text");
  CHECK(JsonOf(ResultOf(Make([](Peer& peer) { return peer.connection == nullptr; }))) == true);
  CHECK(JsonOf(ResultOf(Make([] { return 1; }))) == 1);
  CHECK(JsonOf(ResultOf(Make([](Peer&, const Message& message) { return std::string(message.Event()); }))) == "event");
}

TEST_CASE("A callback without data is given null") {
  CHECK(JsonOf(ResultOf(Make([](const Json& data) { return data.is_null(); }))) == true);
}

TEST_CASE("A callback that returns nothing has no result") {
  CHECK(std::holds_alternative<std::monostate>(ResultOf(Make([] {}))));
}

TEST_CASE("What a callback returns is the reply, of any type that converts to Json") {
  CHECK(JsonOf(ResultOf(Make([] { return Json{{"a", 1}}; }))) == Json{{"a", 1}});
  CHECK(JsonOf(ResultOf(Make([] { return Json::array({1}); }))) == Json::array({1}));
  CHECK(JsonOf(ResultOf(Make([] { return std::vector{1, 2}; }))) == Json::array({1, 2}));
  CHECK(JsonOf(ResultOf(Make([] { return "text"; }))) == "text");
  CHECK(JsonOf(ResultOf(Make([] { return Worth{42}; }))) == Json{{"value", 42}});
  CHECK(JsonOf(ResultOf(Make([] { return nullptr; }))).is_null());
  const Json kept = 5;
  CHECK(JsonOf(ResultOf(Make([&kept]() -> const Json& { return kept; }))) == 5);
}

TEST_CASE("A Failure that a callback returns is a refusal") {
  const Result result = ResultOf(Make([] { return Failure{"not_found", "no such room"}; }));
  REQUIRE(std::holds_alternative<Failure>(result));
  CHECK(std::get<Failure>(result).code == "not_found");
  CHECK(std::get<Failure>(result).message == "no such room");
}

TEST_CASE("A callback may decide between a reply and a Failure") {
  const auto callback = Make([](const Json& data) -> Result {
    if (data == "good") return Json("reply");
    return Failure{"bad", ""};
  });
  CHECK(JsonOf(ResultOf(callback, "good")) == "reply");
  CHECK(std::holds_alternative<Failure>(ResultOf(callback, "other")));
}

TEST_CASE("Functions, std::function and std::bind can be callbacks") {
  CHECK(JsonOf(ResultOf(Make(Double), 4)) == 8);
  CHECK(JsonOf(ResultOf(Make(&Double), 4)) == 8);
  const std::function<Json(const Json&)> function = Double;
  CHECK(JsonOf(ResultOf(Make(function), 4)) == 8);
  CHECK(JsonOf(ResultOf(Make(std::bind(Double, std::placeholders::_1)), 4)) == 8);
}

TEST_CASE("A move-only callback is stored, and keeps its state") {
  const auto callback = Make([count = std::make_unique<int>(0)]() mutable { return ++*count; });
  CHECK(JsonOf(ResultOf(callback)) == 1);
  CHECK(JsonOf(ResultOf(callback)) == 2);
  CHECK_FALSE(callback->Awaits());
}

TEST_CASE("What a callback throws is passed on") {
  CHECK_THROWS_AS(ResultOf(Make([] { throw std::runtime_error("inside"); })), std::runtime_error);
  CHECK_THROWS_AS(ResultOf(Make([]() -> Json { throw 5; })), int);
}

TEST_CASE("A coroutine may return nothing, a value or a Failure") {
  const auto nothing = Make([]() -> awaitable<void> { co_await Pause(); });
  CHECK(nothing->Awaits());
  CHECK(std::holds_alternative<std::monostate>(Await(nothing)));
  CHECK(JsonOf(Await(Make([](const Json& data) -> awaitable<int> {
                       co_await Pause();
                       co_return data.get<int>() + 1;
                     }),
                     6)) == 7);
  CHECK(JsonOf(Await(Make([]() -> awaitable<Worth> { co_return Worth{3}; }))) == Json{{"value", 3}});
  CHECK(std::get<Failure>(Await(Make([]() -> awaitable<Failure> {
          co_await Pause();
          co_return Failure{"busy", ""};
        }))).code == "busy");
  CHECK(std::holds_alternative<Failure>(Await(Make([]() -> awaitable<Result> { co_return Failure{"busy", ""}; }))));
}

TEST_CASE("A coroutine of each shape is given what it asks for") {
  CHECK(JsonOf(Await(Make([](Peer&, const Json& data) -> awaitable<Json> { co_return data; }), 7)) == 7);
  CHECK(JsonOf(Await(Make([](Peer& peer) -> awaitable<bool> { co_return peer.connection == nullptr; }))) == true);
  CHECK(JsonOf(Await(Make([](Peer&, const Message& message) -> awaitable<std::string> {
          co_await Pause();
          co_return std::string(message.Event());
        }))) == "event");
}

TEST_CASE("A coroutine's captures and arguments live until it has returned") {
  const auto alive = std::make_shared<std::string>("captured");
  Result result = Await(Make([alive](Peer& peer, const Json& data) -> awaitable<std::string> {
                          for (int i = 0; i < 3; ++i) co_await Pause();
                          co_return *alive + " " + data.get<std::string>() + (peer.connection ? "!" : "");
                        }),
                        "a text that is too long for the small string optimisation");
  CHECK(JsonOf(result) == "captured a text that is too long for the small string optimisation");
  CHECK(alive.use_count() == 1);
}

TEST_CASE("What a coroutine throws is passed on") {
  CHECK_THROWS_AS(Await(Make([]() -> awaitable<void> {
                    co_await Pause();
                    throw std::runtime_error("inside");
                  })),
                  std::runtime_error);
}

TEST_CASE("A plain function that throws before it makes its coroutine is awaited like one") {
  const auto callback = Make([](const Json& data) -> awaitable<void> {
    if (data.is_null()) throw std::runtime_error("inside");
    return Pause();
  });
  CHECK(callback->Awaits());
  CHECK_THROWS_AS(Await(callback), std::runtime_error);
}
