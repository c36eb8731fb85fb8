// What a mailbox does with memory, and without.
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "support/mailbox_stage.hpp"
#include "ws/dispatch/mailbox.hpp"

using ws::test::Step;
using Events = std::vector<std::string>;

TEST_CASE("What runs beside the messages is not copied") {
  struct Reply {
    explicit Reply(int& copied) : copies(&copied) {}
    Reply(const Reply& other) : copies(other.copies) { ++*copies; }
    Reply(Reply&&) = default;
    void operator()() const {}

    int* copies;
  };
  Step step;
  int copies = 0;
  std::function<void()> work{Reply(copies)};
  step.mailbox->RunBeside(std::move(work));
  CHECK(step.Run() == 1);
  CHECK(copies == 0);
}

TEST_CASE("An answer that finds no memory breaks the connection, and the next messages are handled") {
  Step step;
  step.owner->On("event", [] {});
  step.owner->no_memory = true;
  step.Put({"event", "event", "disconnect"});
  step.Run();
  CHECK(step.owner->broken == 1);
  CHECK(step.owner->Answers() == Events{"event", "disconnect"});
}

TEST_CASE("So does the answer of a coroutine") {
  Step step;
  step.owner->On("event", []() -> boost::asio::awaitable<void> { co_return; });
  step.owner->no_memory = true;
  step.Put({"event", "event", "disconnect"});
  step.Run();
  CHECK(step.owner->broken == 1);
  CHECK(step.owner->Answers() == Events{"event", "disconnect"});
}
