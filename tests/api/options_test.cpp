// Options are checked when a handler is made.
#include <functional>
#include <stdexcept>

#include "support/catch.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Handler;
using ws::Options;

TEST_CASE("options may be given in part") {
  const Handler defaults;
  const Handler some{{.max_message_bytes = 10, .overflow = ws::Overflow::Close, .deflate = true}};
  const Handler later{{.callback_thread = ws::CallbackThread::Io}};
  const ws::ServerOptions server{.port = 0, .connection = {.max_depth = 3}};
  CHECK(server.address == "127.0.0.1");
  CHECK(server.connection.max_message_bytes == std::size_t{1} << 20);
  CHECK_FALSE(defaults.IsConnected());
}

TEST_CASE("an option that makes no sense throws") {
  const std::function<void(Options&)> spoil = GENERATE(values<void (*)(Options&)>({
      [](Options& options) { options.max_message_bytes = 0; },
      [](Options& options) { options.max_depth = 0; },
      [](Options& options) { options.max_depth = 1'000'000'000; },
      [](Options& options) { options.max_queued_messages = 0; },
      [](Options& options) { options.max_queued_bytes = 0; },
      [](Options& options) { options.max_waiting_messages = 0; },
      [](Options& options) { options.max_waiting_bytes = 0; },
      [](Options& options) { options.request_timeout = -1ms; },
      [](Options& options) { options.handshake_timeout = -1ms; },
      [](Options& options) { options.ping_after = -1ms; },
      [](Options& options) { options.dead_after = -1ms; },
      [](Options& options) { options.message_timeout = -1ms; },
      [](Options& options) { options.write_timeout = -1ms; },
      [](Options& options) { options.unread_timeout = -1ms; },
      [](Options& options) { options.close_timeout = -1ms; },
      [](Options& options) { options.flush_timeout = -1ms; },
  }));
  Options options;
  spoil(options);
  CHECK_THROWS_AS(Handler(options), std::logic_error);
  ws::Server server;
  CHECK_THROWS_AS(server.Route("/ws", options, [](Handler) {}), std::logic_error);
}
