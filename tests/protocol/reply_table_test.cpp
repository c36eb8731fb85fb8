#include "ws/detail/protocol/reply_table.hpp"

#include <chrono>
#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "support/start_time.hpp"

using namespace ws::protocol;
using namespace std::chrono_literals;
using ws::test::start;

namespace {

// Move-only, as a completion handler is.
using Table = ReplyTable<std::unique_ptr<int>>;

void Open(Table& table, std::uint64_t id, std::chrono::seconds after) {
  table.Open(id, std::make_unique<int>(static_cast<int>(id)), start + after);
}

}  // namespace

TEST_CASE("An open request is taken by its id, once") {
  Table table(4);
  Open(table, 7, 10s);
  Open(table, 8, 10s);
  const auto waiter = table.Take(7);
  REQUIRE(waiter);
  CHECK(**waiter == 7);
  CHECK_FALSE(table.Take(7));
  CHECK(table.Take(8));
  CHECK(table.IsEmpty());
}

TEST_CASE("An id that is not open takes nothing") {
  Table table(4);
  CHECK_FALSE(table.Take(1));
  Open(table, 1, 10s);
  CHECK_FALSE(table.Take(0));
  CHECK_FALSE(table.Take(2));
  CHECK_FALSE(table.IsEmpty());
}

TEST_CASE("A table has room up to its bound, and again when one is taken") {
  Table table(2);
  CHECK(table.HasRoom());
  Open(table, 1, 10s);
  CHECK(table.HasRoom());
  Open(table, 2, 10s);
  CHECK_FALSE(table.HasRoom());
  REQUIRE(table.Take(1));
  CHECK(table.HasRoom());
}

TEST_CASE("Requests expire at their deadline and not before") {
  Table table(4);
  Open(table, 1, 20s);
  Open(table, 2, 10s);
  Open(table, 3, 10s);
  CHECK_FALSE(table.TakeExpired(start + 10s - 1ns));
  std::vector<int> expired;
  while (auto waiter = table.TakeExpired(start + 10s)) expired.push_back(**waiter);
  CHECK(expired == std::vector{2, 3});
  CHECK_FALSE(table.Take(2));
  REQUIRE(table.TakeExpired(start + 1h));
  CHECK(table.IsEmpty());
  CHECK_FALSE(table.TakeExpired(start + 1h));
}

TEST_CASE("The next deadline is the earliest, and none while nothing is open") {
  Table table(4);
  CHECK(table.NextDeadline() == Table::Time::max());
  Open(table, 1, 20s);
  Open(table, 2, 10s);
  CHECK(table.NextDeadline() == start + 10s);
  REQUIRE(table.Take(2));
  CHECK(table.NextDeadline() == start + 20s);
}

TEST_CASE("At the end all requests are handed back") {
  Table table(4);
  for (std::uint64_t id = 3; id > 0; --id) Open(table, id, 10s);
  std::vector<int> ended;
  while (auto waiter = table.TakeFirst()) ended.push_back(**waiter);
  CHECK(ended == std::vector{1, 2, 3});
  CHECK(table.IsEmpty());
  CHECK_FALSE(table.TakeFirst());
}
