#include "ws/detail/protocol/pending_requests.hpp"

#include <chrono>
#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;

namespace {

// Move-only, like a completion handler.
using Requests = PendingRequests<std::unique_ptr<int>>;

void Add(Requests& requests, std::uint64_t id, std::chrono::seconds after) {
  requests.Add(id, std::make_unique<int>(static_cast<int>(id)), start + after);
}

}  // namespace

TEST_CASE("A request can be removed once by its id") {
  Requests requests(4);
  Add(requests, 7, 10s);
  Add(requests, 8, 10s);
  const auto waiter = requests.Remove(7);
  REQUIRE(waiter);
  CHECK(**waiter == 7);
  CHECK_FALSE(requests.Remove(7));
  CHECK(requests.Remove(8));
  CHECK(requests.IsEmpty());
}

TEST_CASE("Removing an unknown id returns nothing") {
  Requests requests(4);
  CHECK_FALSE(requests.Remove(1));
  Add(requests, 1, 10s);
  CHECK_FALSE(requests.Remove(0));
  CHECK_FALSE(requests.Remove(2));
  CHECK_FALSE(requests.IsEmpty());
}

TEST_CASE("There is room up to the maximum, and again after a request was removed") {
  Requests requests(2);
  CHECK(requests.HasRoom());
  Add(requests, 1, 10s);
  CHECK(requests.HasRoom());
  Add(requests, 2, 10s);
  CHECK_FALSE(requests.HasRoom());
  REQUIRE(requests.Remove(1));
  CHECK(requests.HasRoom());
}

TEST_CASE("Requests expire at their deadline, not before it") {
  Requests requests(4);
  Add(requests, 1, 20s);
  Add(requests, 2, 10s);
  Add(requests, 3, 10s);
  CHECK_FALSE(requests.RemoveExpired(start + 10s - 1ns));
  std::vector<int> expired;
  while (auto waiter = requests.RemoveExpired(start + 10s)) expired.push_back(**waiter);
  CHECK(expired == std::vector{2, 3});
  CHECK_FALSE(requests.Remove(2));
  REQUIRE(requests.RemoveExpired(start + 1h));
  CHECK(requests.IsEmpty());
  CHECK_FALSE(requests.RemoveExpired(start + 1h));
}

TEST_CASE("The next deadline is the earliest one, or none if no request is open") {
  Requests requests(4);
  CHECK(requests.NextDeadline() == Requests::Time::max());
  Add(requests, 1, 20s);
  Add(requests, 2, 10s);
  CHECK(requests.NextDeadline() == start + 10s);
  REQUIRE(requests.Remove(2));
  CHECK(requests.NextDeadline() == start + 20s);
}

TEST_CASE("RemoveFirst returns all requests in the order of their ids") {
  Requests requests(4);
  for (std::uint64_t id = 3; id > 0; --id) Add(requests, id, 10s);
  std::vector<int> ended;
  while (auto waiter = requests.RemoveFirst()) ended.push_back(**waiter);
  CHECK(ended == std::vector{1, 2, 3});
  CHECK(requests.IsEmpty());
  CHECK_FALSE(requests.RemoveFirst());
}
