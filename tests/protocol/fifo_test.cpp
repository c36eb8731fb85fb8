#include "ws/detail/protocol/fifo.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "support/catch.hpp"

using ws::protocol::Fifo;

TEST_CASE("A Fifo behaves like a deque in 20,000 random steps") {
  std::mt19937 random(GENERATE(1U, 2U, 3U));
  Fifo<std::unique_ptr<int>> fifo;
  std::deque<int> expected;
  for (int step = 0; step < 20'000; ++step) {
    const auto choice = random() % 100;
    const bool is_growing = (step / 500) % 2 == 0;
    if (choice < (is_growing ? 60 : 35)) {
      fifo.Push(std::make_unique<int>(step));
      expected.push_back(step);
    } else if (choice < 90 && !expected.empty()) {
      REQUIRE(*fifo.Pop() == expected.front());
      expected.pop_front();
    } else if (choice < 99 && !expected.empty()) {
      const auto index = static_cast<std::ptrdiff_t>(random() % expected.size());
      fifo.Erase(fifo.begin() + index);
      expected.erase(expected.begin() + index);
    } else if (choice == 99 && step % 7 == 0) {
      fifo.Clear();
      expected.clear();
    }
    REQUIRE(fifo.Size() == expected.size());
    REQUIRE(fifo.IsEmpty() == expected.empty());
    if (!expected.empty()) REQUIRE(*fifo.Front() == expected.front());
  }
  REQUIRE(std::equal(fifo.begin(), fifo.end(), expected.begin(), expected.end(),
                     [](const auto& one, int other) { return *one == other; }));
}

TEST_CASE("An empty Fifo takes over a vector and gives its own block in exchange") {
  Fifo<int> fifo;
  fifo.Push(1);
  fifo.Pop();
  std::vector<int> items{2, 3};
  fifo.Swap(items);
  CHECK(items.empty());
  CHECK(items.capacity() != 0);
  CHECK(fifo.Pop() == 2);
  CHECK(fifo.Pop() == 3);
  CHECK(fifo.IsEmpty());
}

TEST_CASE("Erasing near the front of a Fifo does not move the items after it") {
  Fifo<std::unique_ptr<int>> fifo;
  for (int item = 0; item < 100; ++item) fifo.Push(std::make_unique<int>(item));
  const auto* const last = &*(fifo.end() - 1);
  fifo.Erase(fifo.begin());
  fifo.Erase(fifo.begin() + 1);
  CHECK(&*(fifo.end() - 1) == last);
  CHECK(fifo.Size() == 98);
  CHECK(*fifo.Pop() == 1);
  CHECK(*fifo.Pop() == 3);
}

TEST_CASE("An item erased from a Fifo is destroyed at once") {
  Fifo<std::shared_ptr<int>> fifo;
  std::vector<std::weak_ptr<int>> items;
  for (int item = 0; item < 10; ++item) {
    auto one = std::make_shared<int>(item);
    items.push_back(one);
    fifo.Push(std::move(one));
  }
  for (const int item : {0, 5, 9}) {
    fifo.Erase(std::find_if(fifo.begin(), fifo.end(), [item](const auto& one) { return *one == item; }));
    CHECK(items[static_cast<std::size_t>(item)].expired());
  }
}
