// The states of a connection.
#include "connection/lifecycle.hpp"

#include <memory>
#include <stdexcept>

#include "connection/connection.hpp"
#include "support/catch.hpp"

using ws::connection::Connection;
using ws::connection::ConnectionObserver;
using ws::connection::Lifecycle;
using ws::connection::State;

namespace {

struct CountingObserver final : ConnectionObserver {
  void OnDisconnected(const Connection&) noexcept override { ++count; }
  int count = 0;
};

}  // namespace

TEST_CASE("a connection reaches its states in order, each once") {
  Lifecycle<int> life;
  CHECK(life.Current() == State::New);
  CHECK(life.Begin());
  CHECK(life.Current() == State::Opening);
  for (const State state : {State::Open, State::Closing, State::Disconnected, State::Finished}) {
    CHECK(life.Reach(state));
    CHECK_FALSE(life.Reach(state));
    CHECK(life.Current() == state);
  }
  CHECK_FALSE(life.Reach(State::Open));
}

TEST_CASE("a connection begins to open once, and not after it was closed") {
  Lifecycle<int> life;
  const State reached = GENERATE(State::Opening, State::Open);
  life.Reach(reached);
  CHECK_THROWS_AS(life.Begin(), std::logic_error);
  life.Reach(State::Closing);
  CHECK_FALSE(life.Begin());
}

TEST_CASE("a waiter waits until its state is reached, and is returned if that has happened") {
  Lifecycle<int> life;
  CHECK_FALSE(life.AddWaiter(State::Disconnected, 1, 10));
  CHECK_FALSE(life.AddWaiter(State::Finished, 2, 20));
  CHECK_FALSE(life.RemoveWaiter(State::Finished, 1));
  CHECK(life.RemoveWaiter(State::Disconnected, 1) == 10);
  CHECK_FALSE(life.RemoveWaiter(State::Disconnected, 1));
  life.Reach(State::Disconnected);
  CHECK(life.AddWaiter(State::Disconnected, 3, 30) == 30);
  CHECK_FALSE(life.AddWaiter(State::Finished, 4, 40));
  CHECK(life.RemoveWaiters(State::Finished).size() == 2);
  CHECK(life.RemoveWaiters(State::Finished).empty());
}

TEST_CASE("observers are told of the end once, and cannot be added after it") {
  const auto connection = std::make_shared<Connection>(std::make_shared<const ws::Options>());
  const auto first = std::make_shared<CountingObserver>(), second = std::make_shared<CountingObserver>();
  Lifecycle<int> life;
  CHECK(life.AddObserver(first));
  CHECK(life.AddObserver(second));
  life.RemoveObserver(second);
  life.Reach(State::Disconnected);
  CHECK_FALSE(life.AddObserver(second));
  life.NotifyObservers(*connection);
  life.NotifyObservers(*connection);
  CHECK(first->count == 1);
  CHECK(second->count == 0);
}
