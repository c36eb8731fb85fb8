#include "idle_clock.hpp"

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "support/patience.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using repl::IdleClock;

// Runs until the clock has struck or has nothing to wait for; how often it struck.
int Strikes(std::chrono::milliseconds limit, const std::function<void(IdleClock&)>& use) {
  asio::io_context context(1);
  int strikes = 0;
  const auto clock = std::make_shared<IdleClock>(context.get_executor(), limit, [&] { ++strikes; });
  use(*clock);
  context.run_for(ws::test::patience);
  return strikes;
}

}  // namespace

TEST_CASE("nobody ever came: it strikes once") {
  CHECK(Strikes(1ms, [](IdleClock& clock) { clock.Start(); }) == 1);
}

TEST_CASE("the last to leave starts it, not the first") {
  CHECK(Strikes(1ms, [](IdleClock& clock) {
          clock.Come();
          clock.Come();
          clock.Start();
          clock.Leave();
        }) == 0);
  CHECK(Strikes(1ms, [](IdleClock& clock) {
          clock.Come();
          clock.Come();
          clock.Start();
          clock.Leave();
          clock.Leave();
        }) == 1);
}

TEST_CASE("without a limit, and once stopped, it never strikes") {
  CHECK(Strikes(0ms, [](IdleClock& clock) { clock.Start(); }) == 0);
  CHECK(Strikes(1ms, [](IdleClock& clock) {
          clock.Start();
          clock.Stop();
        }) == 0);
}
