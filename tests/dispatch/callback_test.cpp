// The arguments of callbacks, and the conversion of their results.
#include "ws/detail/dispatch/callback.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
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
using ws::Result;
using ws::test::JsonOf;
using ws::test::Peer;
using ws::test::ResultOf;
using ws::test::YieldAsync;

namespace {

template <class F>
CallbackPtr Make(F&& function) {
  return MakeCallback<Peer>(std::forward<F>(function));
}

struct Wrapped {
  int value = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Wrapped, value)
};

/// Runs a coroutine callback. Nothing else holds the callback or the message.
Result Await(CallbackPtr callback, Json data = nullptr) {
  asio::io_context context;
  Result result;
  Callback* const raw = callback.get();
  Outcome outcome =
      raw->Invoke(std::move(callback), nullptr, std::make_shared<const Message>("event", std::move(data)));
  asio::co_spawn(context, std::move(std::get<1>(outcome)), [&](std::exception_ptr exception, Result value) {
    if (exception) std::rethrow_exception(exception);
    result = std::move(value);
  });
  context.run();
  return result;
}

Json Double(const Json& data) noexcept {
  return data.get<int>() * 2;
}

}  // namespace

TEST_CASE("A callback of each shape gets its arguments") {
  CHECK(JsonOf(ResultOf(Make([](Peer&, const Json& data) { return data; }), 7)) == 7);
  CHECK(JsonOf(ResultOf(Make([](const Json& data) { return data; }), "text")) == "text");
  CHECK(JsonOf(ResultOf(Make([](Peer& peer) { return peer.connection == nullptr; }))) == true);
  CHECK(JsonOf(ResultOf(Make([] { return 1; }))) == 1);
  CHECK(JsonOf(ResultOf(Make([](Peer&, const Message& message) { return std::string(message.Event()); }))) == "event");
}

TEST_CASE("A callback gets null if the message has no data") {
  CHECK(JsonOf(ResultOf(Make([](const Json& data) { return data.is_null(); }))) == true);
}

TEST_CASE("A callback that returns nothing has no result") {
  CHECK(ResultOf(Make([] {})).IsEmpty());
}

TEST_CASE("The reply of a callback may have each type that converts to Json") {
  CHECK(JsonOf(ResultOf(Make([] { return Json{{"a", 1}}; }))) == Json{{"a", 1}});
  CHECK(JsonOf(ResultOf(Make([] { return Json::array({1}); }))) == Json::array({1}));
  CHECK(JsonOf(ResultOf(Make([] { return std::vector{1, 2}; }))) == Json::array({1, 2}));
  CHECK(JsonOf(ResultOf(Make([] { return "text"; }))) == "text");
  CHECK(JsonOf(ResultOf(Make([] { return Wrapped{42}; }))) == Json{{"value", 42}});
  CHECK(JsonOf(ResultOf(Make([] { return nullptr; }))).is_null());
  const Json stored = 5;
  CHECK(JsonOf(ResultOf(Make([&stored]() -> const Json& { return stored; }))) == 5);
}

TEST_CASE("A callback may return a Failure") {
  const Result result = ResultOf(Make([] { return Failure{"not_found", "no such room"}; }));
  REQUIRE(result.AsFailure() != nullptr);
  CHECK(result.AsFailure()->code == "not_found");
  CHECK(result.AsFailure()->message == "no such room");
}

TEST_CASE("A callback that returns a Result may reply, fail, or return nothing") {
  const auto callback = Make([](const Json& data) -> Result {
    if (data == "good") return 42;
    if (data == "object") return {{"a", 1}};
    if (data == "nothing") return {};
    return Failure{"bad", ""};
  });
  CHECK(JsonOf(ResultOf(callback, "good")) == 42);
  CHECK(JsonOf(ResultOf(callback, "object")) == Json{{"a", 1}});
  CHECK(ResultOf(callback, "nothing").IsEmpty());
  CHECK(ResultOf(callback, "other").AsFailure()->code == "bad");
}

TEST_CASE("Functions, std::function objects and std::bind objects can be callbacks") {
  CHECK(JsonOf(ResultOf(Make(Double), 4)) == 8);
  CHECK(JsonOf(ResultOf(Make(&Double), 4)) == 8);
  const std::function<Json(const Json&)> function = Double;
  CHECK(JsonOf(ResultOf(Make(function), 4)) == 8);
  CHECK(JsonOf(ResultOf(Make(std::bind(Double, std::placeholders::_1)), 4)) == 8);
}

TEST_CASE("A move-only callback can be stored and keeps its state") {
  const auto callback = Make([count = std::make_unique<int>(0)]() mutable { return ++*count; });
  CHECK(JsonOf(ResultOf(callback)) == 1);
  CHECK(JsonOf(ResultOf(callback)) == 2);
  CHECK_FALSE(callback->IsCoroutine());
}

TEST_CASE("An exception of a callback is passed on") {
  CHECK_THROWS_AS(ResultOf(Make([] { throw std::runtime_error("inside"); })), std::runtime_error);
  CHECK_THROWS_AS(ResultOf(Make([]() -> Json { throw 5; })), int);
}

TEST_CASE("A coroutine can return nothing, a value or a Failure") {
  const auto nothing = Make([]() -> awaitable<void> { co_await YieldAsync(); });
  CHECK(nothing->IsCoroutine());
  CHECK(Await(nothing).IsEmpty());
  CHECK(JsonOf(Await(Make([](const Json& data) -> awaitable<int> {
                       co_await YieldAsync();
                       co_return data.get<int>() + 1;
                     }),
                     6)) == 7);
  CHECK(JsonOf(Await(Make([]() -> awaitable<Wrapped> { co_return Wrapped{3}; }))) == Json{{"value", 3}});
  CHECK(Await(Make([]() -> awaitable<Failure> {
          co_await YieldAsync();
          co_return Failure{"busy", ""};
        }))
            .AsFailure()
            ->code == "busy");
}

TEST_CASE("A coroutine that returns a Result may reply, fail, or return nothing") {
  const auto callback = Make([](const Json& data) -> awaitable<Result> {
    co_await YieldAsync();
    if (data == "good") co_return 42;
    if (data == "nothing") co_return Result();
    co_return Failure{"busy", "later"};
  });
  CHECK(JsonOf(Await(callback, "good")) == 42);
  CHECK(Await(callback, "nothing").IsEmpty());
  CHECK(Await(callback, "other").AsFailure()->message == "later");
}

TEST_CASE("A coroutine of each shape gets its arguments") {
  CHECK(JsonOf(Await(Make([](Peer&, const Json& data) -> awaitable<Json> { co_return data; }), 7)) == 7);
  CHECK(JsonOf(Await(Make([](Peer& peer) -> awaitable<bool> { co_return peer.connection == nullptr; }))) == true);
  CHECK(JsonOf(Await(Make([](Peer&, const Message& message) -> awaitable<std::string> {
          co_await YieldAsync();
          co_return std::string(message.Event());
        }))) == "event");
}

TEST_CASE("The captures and arguments of a coroutine live until it has returned") {
  const auto alive = std::make_shared<std::string>("captured");
  Result result = Await(Make([alive](Peer& peer, const Json& data) -> awaitable<std::string> {
                          for (int i = 0; i < 3; ++i) co_await YieldAsync();
                          co_return *alive + " " + data.get<std::string>() + (peer.connection ? "!" : "");
                        }),
                        "a text that is too long for the small string optimisation");
  CHECK(JsonOf(result) == "captured a text that is too long for the small string optimisation");
  CHECK(alive.use_count() == 1);
}

TEST_CASE("An exception of a coroutine is passed on") {
  CHECK_THROWS_AS(Await(Make([]() -> awaitable<void> {
                    co_await YieldAsync();
                    throw std::runtime_error("inside");
                  })),
                  std::runtime_error);
}

TEST_CASE("An exception that is thrown before the coroutine exists is passed on when it is awaited") {
  const auto callback = Make([](const Json& data) -> awaitable<void> {
    if (data.is_null()) throw std::runtime_error("inside");
    return YieldAsync();
  });
  CHECK(callback->IsCoroutine());
  CHECK_THROWS_AS(Await(callback), std::runtime_error);
}

TEST_CASE("A generic callback with two parameters gets the socket and the data, and may use both") {
  const auto plain = [](auto& socket, const auto& data) {
    return Json{{"null", socket.connection == nullptr}, {"a", data.at("a")}};
  };
  const Json data = {{"a", 1}};
  const Json wanted = {{"null", true}, {"a", 1}};
  CHECK(JsonOf(ResultOf(Make(plain), data)) == wanted);
  CHECK(JsonOf(Await(Make([](auto socket, const auto& value) -> awaitable<Json> {
                       co_await YieldAsync();
                       if (socket.connection) co_return "no";
                       co_return value.at("a");
                     }),
                     data)) == 1);
}

TEST_CASE("A generic callback for whole messages gets the socket and the message") {
  const auto any = MakeCallback<Peer, GenericArgument::Message>(
      [](auto& socket, const auto& message) { return std::string(message.Event()) + (socket.connection ? "!" : "?"); });
  CHECK(JsonOf(ResultOf(any, 1)) == "event?");
  const auto middleware = MakeMiddleware<Peer>([](auto& socket, const auto& message) -> std::optional<Failure> {
    if (message.Event() == "event" && !socket.connection) return ws::Unauthorized("members only");
    return std::nullopt;
  });
  const Result refused = ResultOf(middleware);
  REQUIRE(refused.AsFailure() != nullptr);
  CHECK(refused.AsFailure()->code == "unauthorized");
  CHECK(refused.AsFailure()->message == "members only");
}

TEST_CASE("A generic callback with one parameter gets the data, and may use it") {
  CHECK(JsonOf(ResultOf(Make([](const auto& data) { return data.at("a"); }), {{"a", 1}})) == 1);
  CHECK(JsonOf(ResultOf(Make([](auto data) { return data.size(); }), {1, 2})) == 2);
}

TEST_CASE("A Result is made from a value, a Failure, an optional Failure, or braces") {
  CHECK(Result().IsEmpty());
  CHECK(*Result(1).AsValue() == 1);
  CHECK(*Result("text").AsValue() == "text");
  CHECK(Result(nullptr).AsValue()->is_null());
  CHECK(*Result(Wrapped{3}).AsValue() == Json{{"value", 3}});
  const Json kept = {1, 2};
  CHECK(*Result(kept).AsValue() == kept);
  CHECK(Result(Failure{"code", "text"}).AsFailure()->code == "code");
  CHECK(Result(Failure{}).AsValue() == nullptr);
  CHECK(Result(std::optional<Failure>()).IsEmpty());
  CHECK(Result(std::optional(Failure{"code", ""})).AsFailure()->code == "code");
  const Result braces = {{"a", "b"}};
  CHECK(*braces.AsValue() == Json::object({{"a", "b"}}));
  Result copy = braces;
  const Result moved = std::move(copy);
  CHECK(*moved.AsValue() == *braces.AsValue());
}

TEST_CASE("Unauthorized makes a Failure with that code") {
  CHECK(ws::Unauthorized("admins only").code == "unauthorized");
  CHECK(ws::Unauthorized("admins only").message == "admins only");
  CHECK(ws::Unauthorized().message.empty());
}
