// Options are validated when a Handler is constructed.
#include <functional>
#include <stdexcept>
#include <string>

#include "support/prelude.hpp"
#include "ws/ws.hpp"

TEST_CASE("a designated initializer may set some of the options") {
  const Handler defaults;
  const Handler some{{.max_message_bytes = 10, .overflow = ws::Overflow::Close, .deflate = true}};
  const Handler later{{.callback_thread = ws::CallbackThread::Io}};
  const ws::ServerOptions server{.port = 0, .connection = {.max_depth = 3}};
  CHECK(server.address == "127.0.0.1");
  CHECK(server.connection.max_message_bytes == std::size_t{1} << 20);
  CHECK_FALSE(defaults.IsConnected());
}

TEST_CASE("an invalid option throws") {
  const std::function<void(Options&)> invalidate = GENERATE(values<void (*)(Options&)>({
      [](Options& options) { options.max_message_bytes = 0; },
      [](Options& options) { options.max_depth = 0; },
      [](Options& options) { options.max_depth = 1'000'000'000; },
      [](Options& options) { options.max_outbound_messages = 0; },
      [](Options& options) { options.max_outbound_bytes = 0; },
      [](Options& options) { options.max_inbound_messages = 0; },
      [](Options& options) { options.max_inbound_bytes = 0; },
      [](Options& options) { options.request_timeout = -1ms; },
      [](Options& options) { options.handshake_timeout = -1ms; },
      [](Options& options) { options.ping_interval = -1ms; },
      [](Options& options) { options.idle_timeout = -1ms; },
      [](Options& options) { options.message_timeout = -1ms; },
      [](Options& options) { options.write_timeout = -1ms; },
      [](Options& options) { options.stall_timeout = -1ms; },
      [](Options& options) { options.close_timeout = -1ms; },
      [](Options& options) { options.flush_timeout = -1ms; },
      [](Options& options) { options.max_open_requests = 0; },
      [](Options& options) { options.ping_interval = options.idle_timeout; },
      [](Options& options) {
        options.allowed_origins = {"https://good.example", "example.com"};
      },
      [](Options& options) {
        options.allowed_hosts = {"good.example", "https://example.com"};
      },
      [](Options& options) { options.allowed_hosts = {"*.example.com"}; },
      [](Options& options) {
        options.subprotocols = {"chat", "no token"};
      },
      [](Options& options) {
        options.subprotocols = {"chat", "chat"};
      },
  }));
  Options options;
  invalidate(options);
  CHECK_THROWS_AS(Handler(options), std::logic_error);
  ws::Server server;
  CHECK_THROWS_AS(server.Route("/ws", options, [](Handler) {}), std::logic_error);
}

TEST_CASE("a ping_interval or idle_timeout of zero is valid with any value of the other") {
  const Handler no_ping{{.ping_interval = 0s, .idle_timeout = 1s}};
  const Handler no_death{{.ping_interval = 60s, .idle_timeout = 0s}};
  CHECK_FALSE(no_ping.IsConnected());
}

TEST_CASE("the exception for an invalid origin quotes the origin") {
  try {
    const Handler handler{{.allowed_origins = {"https://example.com/"}}};
    FAIL("the origin was accepted");
  } catch (const std::logic_error& error) {
    CHECK(std::string(error.what()).find("\"https://example.com/\"") != std::string::npos);
  }
}

TEST_CASE("a route must be a path, and may be added only once") {
  ws::Server server;
  server.Route("/ws");
  server.Route("*");
  CHECK_THROWS_AS(server.Route("/ws"), std::logic_error);
  CHECK_THROWS_AS(server.Route("chat"), std::logic_error);
  CHECK_THROWS_AS(server.Route(""), std::logic_error);
  CHECK_THROWS_AS(server.Route("/ws?room=1"), std::logic_error);
  CHECK_THROWS_AS(server.Route("/ws#a"), std::logic_error);
}
