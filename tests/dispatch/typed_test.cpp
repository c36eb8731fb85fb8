// Callbacks of OnTyped, and the conversion of data to their types.
#include "ws/detail/dispatch/typed.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_peer.hpp"

using namespace ws::dispatch;
namespace asio = boost::asio;
using asio::awaitable;
using ws::Failure;
using ws::Json;
using ws::Result;
using ws::test::JsonOf;
using ws::test::Peer;
using ws::test::ResultOf;

namespace {

struct Sum {
  int a = 1, b = 2;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Sum, a, b)
};

/// Has no default constructor, so null does not fit.
struct Label {
  explicit Label(std::string text) : name(std::move(text)) {}
  std::string name;
};

int Add(const Sum& sum) {
  return sum.a + sum.b;
}

}  // namespace

template <>
struct nlohmann::adl_serializer<Label> {
  static Label from_json(const json& data) { return Label(data.at("name").get<std::string>()); }
};

TEST_CASE("Data is converted to the type that the callback takes") {
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>([](const Sum& sum) { return sum.a + sum.b; }),
                        {{"a", 3}, {"b", 4}})) == 7);
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>([](Peer&, Sum sum) { return sum.a; }), {{"a", 3}, {"b", 4}})) ==
        3);
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>(Add), {{"a", 3}, {"b", 4}})) == 7);
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>([](const std::string& text) { return text + "!"; }), "hi")) ==
        "hi!");
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>([](const std::vector<int>& all) { return all.size(); }),
                        {1, 2})) == 2);
}

TEST_CASE("A generic callback gets the type that is named for it, and may use it") {
  CHECK(JsonOf(ResultOf(MakeTypedCallback<Sum, Peer>([](const auto& sum) { return sum.b; }), {{"a", 3}, {"b", 4}})) ==
        4);
  CHECK(JsonOf(ResultOf(MakeTypedCallback<Sum, Peer>(
                            [](auto& socket, const auto& sum) { return sum.a + (socket.connection ? 0 : 100); }),
                        {{"a", 3}, {"b", 4}})) == 103);
  CHECK(JsonOf(ResultOf(MakeTypedCallback<Sum, Peer>([](auto&&... all) { return sizeof...(all); }), Json(Sum()))) == 2);
}

TEST_CASE("A typed callback may be move-only, and may return a Result") {
  const auto callback =
      MakeTypedCallback<void, Peer>([left = std::make_unique<int>(1)](const int& cost) mutable -> Result {
        if (cost > *left) return Failure{"too_dear", ""};
        *left -= cost;
        return {};
      });
  CHECK(ResultOf(callback, 1).IsEmpty());
  CHECK(ResultOf(callback, 1).AsFailure()->code == "too_dear");
}

TEST_CASE("Missing data and null become a default-constructed value") {
  CHECK(JsonOf(ResultOf(MakeTypedCallback<void, Peer>(Add))) == 3);
  CHECK(ReadPayload<int>(nullptr) == 0);
  CHECK(ReadPayload<std::string>(nullptr).empty());
  CHECK(ReadPayload<Json>(nullptr).is_null());
}

TEST_CASE("Null does not fit a type without a default constructor") {
  CHECK_THROWS_AS(ReadPayload<Label>(nullptr), InvalidPayload);
  CHECK(ReadPayload<Label>(Json{{"name", "x"}}).name == "x");
}

TEST_CASE("If data does not fit, the error has the place, and the callback is not called") {
  bool called = false;
  const auto callback = MakeTypedCallback<void, Peer>([&](const Sum&) { called = true; });
  try {
    ResultOf(callback, {{"a", 1}, {"b", "two"}});
    FAIL("the data was accepted");
  } catch (const InvalidPayload& mismatch) {
    CHECK(mismatch.path == "/b");
    CHECK(mismatch.expected == "must be of type number");
  }
  CHECK_FALSE(called);
}

TEST_CASE("The payload of a coroutine lives until it has returned") {
  const auto callback =
      MakeTypedCallback<void, Peer>([](Peer& peer, const std::string& text) -> awaitable<std::string> {
        for (int i = 0; i < 3; ++i) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        co_return text + (peer.connection ? "!" : "?");
      });
  CHECK(callback->IsCoroutine());
  asio::io_context context;
  Result result;
  auto message = std::make_shared<const ws::Message>("event", "a text too long for the small string optimisation");
  Outcome outcome = callback->Invoke(callback, nullptr, std::move(message));
  asio::co_spawn(context, std::move(std::get<1>(outcome)),
                 [&](std::exception_ptr, Result value) { result = std::move(value); });
  context.run();
  CHECK(JsonOf(result) == "a text too long for the small string optimisation?");
}

TEST_CASE("A coroutine with invalid data fails when it is awaited") {
  const auto callback = MakeTypedCallback<void, Peer>([](const int&) -> awaitable<void> { co_return; });
  asio::io_context context;
  bool mismatched = false;
  Outcome outcome = callback->Invoke(callback, nullptr, std::make_shared<const ws::Message>("event", "text"));
  asio::co_spawn(context, std::move(std::get<1>(outcome)), [&](std::exception_ptr exception, const Result&) {
    try {
      std::rethrow_exception(exception);
    } catch (const InvalidPayload&) {
      mismatched = true;
    }
  });
  context.run();
  CHECK(mismatched);
}
