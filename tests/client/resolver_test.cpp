// Name resolution that takes a long time.
#include "client/resolver.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string_view>
#include <thread>

#include "support/catch.hpp"
#include "support/synchronization.hpp"

namespace asio = boost::asio;
using ws::client::Resolver;

namespace {

struct SlowLookup {
  ws::test::Latch started, may_finish;
} slow_lookup;  // outlives the thread of the lookup

}  // namespace

// Replaces the system's function: a lookup of "slow.test" blocks until the test releases it, and then fails.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints, addrinfo** found) {
  if (name != nullptr && std::string_view(name) == "slow.test") {
    slow_lookup.started.Release();
    slow_lookup.may_finish.Wait();
    return EAI_NONAME;
  }
  static const auto system = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return system(name, service, hints, found);
}

TEST_CASE("destroying the context during a name lookup destroys the coroutine that waits for it") {
  const auto resolution = std::make_shared<Resolver>();
  const auto captured = std::make_shared<int>();
  auto context = std::make_unique<asio::io_context>(1);
  const auto run = [](std::shared_ptr<Resolver> of, std::shared_ptr<int>) -> asio::awaitable<void> {
    co_await Resolver::ResolveAsync(of, "slow.test", "80");
  };
  asio::co_spawn(*context, run(resolution, captured), asio::detached);
  context->poll();
  slow_lookup.started.Wait();
  context.reset();
  CHECK(captured.use_count() == 1);
  slow_lookup.may_finish.Release();
  while (resolution.use_count() != 1) std::this_thread::yield();  // until its thread ends
}
