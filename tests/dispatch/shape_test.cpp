// Which callable is of which shape.
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

// Constrained, as generic callbacks that fit one shape only must be.
template <class T, class Wanted>
concept Same = std::same_as<std::remove_cvref_t<T>, Wanted>;

void FreePeerAndData(Peer&, const Json&) {}
int FreeData(const Json&) noexcept {
  return 1;
}
void FreePair(const Pair&) {}

}  // namespace

TEST_CASE("Each of the five shapes is known by its parameters") {
  CHECK(ShapeOfThis([](Peer&, const Json&) {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([](const Json&) {}) == Shape::Data);
  CHECK(ShapeOfThis([](Peer&) {}) == Shape::Peer);
  CHECK(ShapeOfThis([] {}) == Shape::Nothing);
  CHECK(ShapeOfThis([](Peer&, const Message&) {}) == Shape::PeerAndMessage);
}

TEST_CASE("A parameter may be taken by value, or the peer as const") {
  CHECK(ShapeOfThis([](Peer, Json) {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([](Json) {}) == Shape::Data);
  CHECK(ShapeOfThis([](const Peer&) {}) == Shape::Peer);
  CHECK(ShapeOfThis([](const Peer&, const Message&) {}) == Shape::PeerAndMessage);
}

TEST_CASE("Mutable and noexcept callables are of the same shapes") {
  int calls = 0;
  CHECK(ShapeOfThis([calls](const Json&) mutable { ++calls; }) == Shape::Data);
  CHECK(ShapeOfThis([](Peer&, const Json&) noexcept {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([calls]() mutable noexcept { ++calls; }) == Shape::Nothing);
  struct ByReference {
    void operator()(const Json&) & {}
  };
  CHECK(ShapeOf<ByReference, Peer>() == Shape::Data);
  struct ByConstReference {
    void operator()(Peer&) const& noexcept {}
  };
  CHECK(ShapeOf<ByConstReference, Peer>() == Shape::Peer);
}

TEST_CASE("Functions, std::function and move-only callables are of the same shapes") {
  CHECK(ShapeOf<decltype(&FreePeerAndData), Peer>() == Shape::PeerAndData);
  CHECK(ShapeOf<decltype(&FreeData), Peer>() == Shape::Data);
  CHECK(ShapeOf<std::function<void(Peer&, const Json&)>, Peer>() == Shape::PeerAndData);
  CHECK(ShapeOf<std::function<Json(const Json&)>, Peer>() == Shape::Data);
  CHECK(ShapeOf<std::function<void()>, Peer>() == Shape::Nothing);
  CHECK(ShapeOf<std::function<int(Peer&, const Message&)>, Peer>() == Shape::PeerAndMessage);
  auto move_only = [owned = std::make_unique<int>(1)](Peer&) { return *owned; };
  CHECK(ShapeOf<decltype(move_only), Peer>() == Shape::Peer);
}

TEST_CASE("A callback with a type of its own is of no shape, though Json converts to it") {
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

TEST_CASE("What cannot be called as documented is of no shape") {
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
  CHECK(ShapeOfThis([](auto&&...) {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([](auto&, auto&) {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([](Peer&, const auto&) {}) == Shape::PeerAndData);
  CHECK(ShapeOfThis([](const auto&) {}) == Shape::Data);
  CHECK(ShapeOfThis([](Same<Peer> auto&) {}) == Shape::Peer);
  CHECK(ShapeOfThis([](Same<Peer> auto&, const Same<Message> auto&) {}) == Shape::PeerAndMessage);
  CHECK(ShapeOfThis([](const Same<std::string> auto&) {}) == Shape::None);
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

TEST_CASE("What std::bind makes is probed as a generic callable") {
  using namespace std::placeholders;
  const auto both = std::bind(FreePeerAndData, _1, _2);
  const auto second = std::bind(FreeData, _2);
  const auto first = std::bind(FreeData, _1);
  CHECK(ShapeOfThis(both) == Shape::PeerAndData);
  CHECK(ShapeOfThis(second) == Shape::PeerAndData);
  CHECK(ShapeOfThis(first) == Shape::Data);
}
