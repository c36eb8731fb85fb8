// The n-th `operator new` of a server in a connection's life fails, for every n: the server lives, whoever waits is
// told or closed, `disconnect` comes where `connect` came, and the next connection works.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // these two are a pair, though it sees one inlined only
#endif

#include <atomic>
#include <cstdlib>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "support/catch.hpp"
#include "torture/figures.hpp"
#include "torture/stage.hpp"
#include "torture/watchdog.hpp"
#include "ws/ws.hpp"

namespace {

// Of all threads but the test's own.
std::atomic<long> until_failure = 0;
thread_local bool is_test = false;

// What Asio 1.81 needs for a strand of an any_io_executor: to make it, its owners' count and its mutex, without which
// it is destroyed half-made; to run it, an executor's property, without which it never runs again.
bool IsExempt(std::size_t size) {
  return size == 24 || size == 40 || size == 4;
}

bool Fails(std::size_t size) {
  return !IsExempt(size) && !is_test && until_failure.load(std::memory_order_relaxed) > 0 &&
         until_failure.fetch_sub(1) == 1;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = Fails(size) ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  void* const memory = Fails(size) ? nullptr : std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size);  // a sanitizer's own would not go with our delete
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace {

using namespace std::chrono_literals;
using namespace ws::torture;
using ws::Handler;
using ws::Json;
using ws::test::TestClient;

// Opens, asks, is sent to, and closes. Whether all of that was right; throws where the connection broke.
bool Live(const Stage& stage) {
  TestClient peer = stage.Connect();
  const Json data = std::string(200, 'x');  // has no members: see README.md
  peer.Send("work", data, 1);
  std::set<std::string> heard;
  for (Json message; heard.count("done") == 0;) {
    message = peer.Receive();
    const std::string event = message["event"];
    if (event == "error") return false;
    if (event == "asked") peer.Send("$ack", data, message["id"].get<int>());
    if (event != "$ack" || message.value("data", Json()) == data) heard.insert(event);
    if (event == "$ack") peer.Send("go on");
  }
  return peer.Close().code == 1000 && heard == std::set<std::string>{"$ack", "asked", "done", "emitted", "news"};
}

std::atomic<long> connects = 0, disconnects = 0;

void AddCallbacks(Handler& socket) {
  socket.On("connect", [](Handler& peer) {
    ++connects;
    peer.Join("group");
  });
  socket.On("work", [](Handler& peer, const Json& data) {
    peer.Emit("emitted", data);
    peer.Broadcast("news", data);
    return data;
  });
  socket.On("go on", [](Handler peer) -> boost::asio::awaitable<void> {
    const ws::Reply reply = co_await peer.RequestAsync("asked", "?");
    if (!reply.error && !co_await peer.EmitAsync("done", reply.data)) co_return;
    throw std::runtime_error("no reply");
  });
  socket.On("disconnect", [](Handler& peer) {
    ++disconnects;
    peer.Leave("group");
  });
}

}  // namespace

TEST_CASE("each allocation of a connection's life may fail", "[allocation]") {
  is_test = true;
  ws::Options options;
  options.log = [](const ws::LogRecord&) {};
  // What is lost without a word is ended by a clock.
  options.handshake_timeout = options.close_timeout = 500ms;
  options.ping_after = 300ms;
  options.dead_after = options.request_timeout = 1s;
  Stage stage(AddCallbacks, options);
  REQUIRE(Live(stage));
  stage.WaitUntilEmpty();
  long next = 1, whole = 0, broken = 0;
  for (bool reached = true; reached; ++next) {
    const Watchdog watchdog("allocation " + std::to_string(next), 20s);
    if (std::getenv("TORTURE_TRACE") != nullptr) Tell("allocation", next);
    INFO("allocation " << next);
    until_failure = next;
    try {
      Live(stage) ? ++whole : ++broken;
      stage.WaitUntilEmpty();
    } catch (const std::exception&) {
      ++broken;
    }
    reached = until_failure.exchange(0) <= 0;
    stage.WaitUntilEmpty();
    REQUIRE(Live(stage));
    stage.WaitUntilEmpty();
    CHECK(connects == disconnects);
  }
  Tell("allocations that were let fail", next - 2);
  Tell("lives that went on", whole - 1);
  Tell("lives that broke", broken);
}
