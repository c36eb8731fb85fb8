// Names that take their time.
#include "transport/resolution.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string_view>
#include <thread>

#include "support/catch.hpp"
#include "support/patience.hpp"

namespace asio = boost::asio;
using ws::transport::Resolution;

namespace {

struct Slow {
  ws::test::Door begun, go_on;
} slow;  // outlives the thread of the look-up

}  // namespace

// Takes the place of the system's: "slow.test" is not found until the test says so.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && std::string_view(name) == "slow.test") {
    slow.begun.Open();
    slow.go_on.Pass();
    return EAI_NONAME;
  }
  static const auto system = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return system(name, service, hints, found);
}

TEST_CASE("a context that is destroyed while a name is looked up takes along who waits for it") {
  const auto resolution = std::make_shared<Resolution>();
  const auto captured = std::make_shared<int>();
  auto context = std::make_unique<asio::io_context>(1);
  const auto run = [](std::shared_ptr<Resolution> of, std::shared_ptr<int>) -> asio::awaitable<void> {
    co_await Resolution::Run(of, "slow.test", "80");
  };
  asio::co_spawn(*context, run(resolution, captured), asio::detached);
  context->poll();
  slow.begun.Pass();
  context.reset();
  CHECK(captured.use_count() == 1);
  slow.go_on.Open();
  while (resolution.use_count() != 1) std::this_thread::yield();  // its thread is at its end
}
