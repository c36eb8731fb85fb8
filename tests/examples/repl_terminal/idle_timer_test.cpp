#include "idle_timer.hpp"

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "support/synchronization.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using repl::IdleTimer;

// Runs until the timer has fired or has nothing to wait for. Returns how often it fired.
int CountCalls(std::chrono::milliseconds limit, const std::function<void(IdleTimer&)>& use) {
  asio::io_context context(1);
  int calls = 0;
  const auto timer = std::make_shared<IdleTimer>(context.get_executor(), limit, [&] { ++calls; });
  use(*timer);
  context.run_for(ws::test::wait_timeout);
  return calls;
}

}  // namespace

TEST_CASE("without any connection the timer fires once") {
  CHECK(CountCalls(1ms, [](IdleTimer& timer) { timer.Start(); }) == 1);
}

TEST_CASE("the timer starts when the last connection ends") {
  CHECK(CountCalls(1ms, [](IdleTimer& timer) {
          timer.AddConnection();
          timer.AddConnection();
          timer.Start();
          timer.RemoveConnection();
        }) == 0);
  CHECK(CountCalls(1ms, [](IdleTimer& timer) {
          timer.AddConnection();
          timer.AddConnection();
          timer.Start();
          timer.RemoveConnection();
          timer.RemoveConnection();
        }) == 1);
}

TEST_CASE("a timer without a limit, or a stopped timer, never fires") {
  CHECK(CountCalls(0ms, [](IdleTimer& timer) { timer.Start(); }) == 0);
  CHECK(CountCalls(1ms, [](IdleTimer& timer) {
          timer.Start();
          timer.Stop();
        }) == 0);
}
