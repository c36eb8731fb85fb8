// The shapes of callables.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/fake_peer.hpp"
#include "ws/detail/dispatch/callback.hpp"

using namespace ws::dispatch;
using ws::Json;
using ws::Message;
using ws::test::Peer;

namespace {

struct Pair {
  int a = 0, b = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(Pair, a, b)
};

template <class F>
constexpr Shape ShapeOfThis(const F&) {
  return ShapeOf<F, Peer>();
}

// For generic callbacks that fit one shape only.
template <class T, class Wanted>
concept Same = std::same_as<std::remove_cvref_t<T>, Wanted>;

void FreePeerAndData(Peer&, const Json&) {}
int FreeData(const Json&) noexcept {
  return 1;
}
void FreePair(const Pair&) {}

}  // namespace

TEST_CASE("The parameters determine the shape") {
  CHECK(ShapeOfThis([](Peer&, const Json&) {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](const Json&) {}) == Shape::Data);
  CHECK(ShapeOfThis([](Peer&) {}) == Shape::Socket);
  CHECK(ShapeOfThis([] {}) == Shape::Nothing);
  CHECK(ShapeOfThis([](Peer&, const Message&) {}) == Shape::SocketAndMessage);
}

TEST_CASE("Parameters may be taken by value, and the socket as const") {
  CHECK(ShapeOfThis([](Peer, Json) {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](Json) {}) == Shape::Data);
  CHECK(ShapeOfThis([](const Peer&) {}) == Shape::Socket);
  CHECK(ShapeOfThis([](const Peer&, const Message&) {}) == Shape::SocketAndMessage);
}

TEST_CASE("Mutable and noexcept callables have the same shapes") {
  int calls = 0;
  CHECK(ShapeOfThis([calls](const Json&) mutable { ++calls; }) == Shape::Data);
  CHECK(ShapeOfThis([](Peer&, const Json&) noexcept {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([calls]() mutable noexcept { ++calls; }) == Shape::Nothing);
  struct ByReference {
    void operator()(const Json&) & {}
  };
  CHECK(ShapeOf<ByReference, Peer>() == Shape::Data);
  struct ByConstReference {
    void operator()(Peer&) const& noexcept {}
  };
  CHECK(ShapeOf<ByConstReference, Peer>() == Shape::Socket);
}

TEST_CASE("Functions, std::function objects and move-only callables have the same shapes") {
  CHECK(ShapeOf<decltype(&FreePeerAndData), Peer>() == Shape::SocketAndData);
  CHECK(ShapeOf<decltype(&FreeData), Peer>() == Shape::Data);
  CHECK(ShapeOf<std::function<void(Peer&, const Json&)>, Peer>() == Shape::SocketAndData);
  CHECK(ShapeOf<std::function<Json(const Json&)>, Peer>() == Shape::Data);
  CHECK(ShapeOf<std::function<void()>, Peer>() == Shape::Nothing);
  CHECK(ShapeOf<std::function<int(Peer&, const Message&)>, Peer>() == Shape::SocketAndMessage);
  auto move_only = [owned = std::make_unique<int>(1)](Peer&) { return *owned; };
  CHECK(ShapeOf<decltype(move_only), Peer>() == Shape::Socket);
}

TEST_CASE("A callback that takes another type has no shape, although Json converts to that type") {
  CHECK(ShapeOfThis([](const Pair&) {}) == Shape::None);
  CHECK(ShapeOfThis([](const std::string&) {}) == Shape::None);
  CHECK(ShapeOfThis([](std::string) {}) == Shape::None);
  CHECK(ShapeOfThis([](int) {}) == Shape::None);
  CHECK(ShapeOfThis([](bool) {}) == Shape::None);
  CHECK(ShapeOfThis([](const std::vector<int>&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Peer&, const Pair&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Peer&, int) {}) == Shape::None);
  CHECK(ShapeOf<std::function<void(const Pair&)>, Peer>() == Shape::None);
  CHECK(ShapeOf<std::function<void(int)>, Peer>() == Shape::None);
  CHECK(ShapeOf<decltype(&FreePair), Peer>() == Shape::None);
}

TEST_CASE("A callable without a documented parameter list has no shape") {
  CHECK(ShapeOfThis([](Json&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Json&&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Peer&&) {}) == Shape::None);
  CHECK(ShapeOfThis([](const Json&, Peer&) {}) == Shape::None);
  CHECK(ShapeOfThis([](const Message&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Peer&, const Json&, const Message&) {}) == Shape::None);
  CHECK(ShapeOfThis([](Peer&, Message&) {}) == Shape::None);
  CHECK(ShapeOf<int, Peer>() == Shape::None);
}

TEST_CASE("A generic callback is probed in the documented order") {
  CHECK(ShapeOfThis([](auto&&...) {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](auto&, auto&) {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](Peer&, const auto&) {}) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](const auto&) {}) == Shape::Data);
  CHECK(ShapeOfThis([](Same<Peer> auto&) {}) == Shape::Socket);
  CHECK(ShapeOfThis([](Same<Peer> auto&, const Same<Message> auto&) {}) == Shape::SocketAndMessage);
  CHECK(ShapeOfThis([](const Same<std::string> auto&) {}) == Shape::None);
}

TEST_CASE("The shape of a generic callback is found without compiling its body for other arguments") {
  CHECK(ShapeOfThis([](auto& socket, const auto& data) { return socket.connection && data.is_null(); }) ==
        Shape::SocketAndData);
  CHECK(ShapeOfThis([](auto& socket, auto& data) { return socket.connection && data.is_null(); }) ==
        Shape::SocketAndData);
  CHECK(ShapeOfThis([](auto, auto data) { return data.is_null(); }) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](Peer&, const auto& data) { return data.is_null(); }) == Shape::SocketAndData);
  CHECK(ShapeOfThis([](const auto& data) { return data.is_null(); }) == Shape::Data);
}

TEST_CASE("A generic callback for whole messages has the shape (socket, message)") {
  const auto use_both = [](auto& socket, const auto& message) { return socket.connection && message.Event().empty(); };
  CHECK(ShapeOf<decltype(use_both), Peer, GenericArgument::Message>() == Shape::SocketAndMessage);
  const auto data_only = [](const auto& data) { return data.is_null(); };
  CHECK(ShapeOf<decltype(data_only), Peer, GenericArgument::Message>() == Shape::Data);
  const auto named = [](Peer&, const Json&) {};
  CHECK(ShapeOf<decltype(named), Peer, GenericArgument::Message>() == Shape::SocketAndData);
  const auto constrained = [](auto&, const Same<Json> auto&) {};
  CHECK(ShapeOf<decltype(constrained), Peer, GenericArgument::Message>() == Shape::SocketAndData);
}

TEST_CASE("A callable with two call operators is probed in the documented order") {
  struct DataOrPeer {
    void operator()(Peer&) {}
    void operator()(const Json&) {}
  };
  struct NothingOrMessage {
    void operator()(Peer&, const Message&) {}
    void operator()() {}
  };
  CHECK(ShapeOf<DataOrPeer, Peer>() == Shape::Data);
  CHECK(ShapeOf<NothingOrMessage, Peer>() == Shape::Nothing);
}

TEST_CASE("A std::bind object counts as generic") {
  using namespace std::placeholders;
  const auto both = std::bind(FreePeerAndData, _1, _2);
  const auto second = std::bind(FreeData, _2);
  const auto first = std::bind(FreeData, _1);
  CHECK(ShapeOfThis(both) == Shape::SocketAndData);
  CHECK(ShapeOfThis(second) == Shape::SocketAndData);
  CHECK(ShapeOfThis(first) == Shape::Data);
}
