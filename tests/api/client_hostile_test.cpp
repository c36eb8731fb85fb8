// A client against hostile servers: row 32 of the torture plan.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "support/prelude.hpp"
#include "support/scripted_server.hpp"
#include "transport/codec.hpp"
#include "ws/ws.hpp"

using ws::Client;
using ws::ClientOptions;
using ws::test::ScriptedServer;
using ws::transport::Codec;
using ws::transport::Role;

namespace {

ClientOptions FastReconnect(const ScriptedServer& server) {
  return {.url = "ws://127.0.0.1:" + std::to_string(server.Port()) + "/", .backoff_base = 5ms, .backoff_cap = 20ms};
}

// Returns a valid 101 response to a client's request, followed by the bytes that `misbehave` writes.
std::string AcceptThen(std::string_view request, const std::function<void(Codec&, std::string&)>& misbehave) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const std::size_t key = request.find(name) + name.size();
  HttpRequest asked{.method = "GET", .target = "/"};
  asked.headers = {
      {"Host", "a"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", std::string(request.substr(key, 24))}};
  if (request.find("permessage-deflate") != request.npos)
    asked.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  asio::io_context context;
  Codec codec(context.get_executor(), {.role = Role::Server, .deflate = true});
  std::string out;
  if (codec.Accept(asked, {}, out)) throw std::runtime_error("the client's upgrade request is invalid");
  misbehave(codec, out);
  return out;
}

// Connects a client to a server that misbehaves after the handshake, and returns the reason why the first connection
// ended.
CloseReason CloseReasonAgainst(const std::function<void(Codec&, std::string&)>& misbehave) {
  ScriptedServer server([&](std::string_view request) { return AcceptThen(request, misbehave); });
  std::promise<CloseReason> ended;
  std::atomic<bool> reported = false;
  ClientOptions options = FastReconnect(server);
  options.connection.deflate = true;
  options.connection.close_timeout = 100ms;
  Client client(std::move(options));
  client.OnTyped("disconnect", [&](const CloseReason& reason) {
    if (!reported.exchange(true)) ended.set_value(reason);
  });
  client.Start();
  return Get(ended.get_future());
}

std::string Bytes(std::initializer_list<unsigned> octets) {
  std::string bytes;
  for (const unsigned octet : octets) bytes += static_cast<char>(octet);
  return bytes;
}

}  // namespace

TEST_CASE("a client retries if the server does not answer with a valid 101") {
  const std::string answer = GENERATE(as<std::string>(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                                      "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n",
                                      "HTTP/1.1 404 Not Found\r\nContent-Length: 100000000\r\n\r\n",
                                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                                      "Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
                                      "\x16\x03\x01", "HTTP/1.1 101 " + std::string(20'000, 'x'));
  ScriptedServer server([&](std::string_view) { return answer; });
  const bool speaks_http = answer.size() > 12 && !answer.starts_with("HTTP/1.1 101");
  std::promise<ws::Reconnecting> failed;
  std::atomic<bool> reported = false;
  ClientOptions options = FastReconnect(server);
  if (!speaks_http) options.connection.handshake_timeout = 100ms;
  options.connection.log = [](const ws::LogRecord&) {};
  Client client(std::move(options));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    if (!reported.exchange(true)) failed.set_value(next);
  });
  client.Start();
  const ws::Reconnecting next = Get(failed.get_future());
  CHECK(next.error);
  CHECK(next.status == (speaks_http ? std::stoul(answer.substr(9, 3)) : 0));
  CHECK((next.status == 0 || next.error == Errc::Refused));
  CHECK_FALSE(client.IsConnected());
}

TEST_CASE("a client skips the interim 1xx responses before the 101") {
  ScriptedServer server([](std::string_view request) {
    return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
           AcceptThen(request, [](Codec& codec, std::string& out) {
             codec.WriteMessage(ws::MessageType::Text, R"({"event":"hello"})", out);
           });
  });
  std::promise<void> hello;
  Client client(FastReconnect(server));
  client.Once("hello", [&] { hello.set_value(); });
  client.Start();
  Get(hello.get_future());
}

TEST_CASE("a client closes with 1002 if the server violates the protocol") {
  const std::string frame = GENERATE(Bytes({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 1}),  // 2^63 + 1 octets
                                     Bytes({0x82, 0x81, 1, 2, 3, 4, 5}),              // masked
                                     Bytes({0x83, 0x00}),                             // a reserved opcode
                                     Bytes({0x80, 0x00}),           // a continuation frame without a message
                                     Bytes({0x89, 0x7E, 0, 126}));  // a ping with more than 125 octets
  const CloseReason end = CloseReasonAgainst([&](Codec&, std::string& out) { out += frame; });
  CHECK(end.reason == EndReason::ProtocolError);
  CHECK(end.code == 1002);
}

TEST_CASE("a client closes with 1009 if a message is too large, either as declared or after inflating") {
  const bool bomb = GENERATE(false, true);
  const CloseReason end = CloseReasonAgainst([&](Codec& codec, std::string& out) {
    if (bomb) return codec.WriteMessage(ws::MessageType::Text, std::string(std::size_t{8} << 20, '0'), out);
    out += Bytes({0x82, 0x7F, 0x40, 0, 0, 0, 0, 0, 0, 0});
  });
  CHECK(end.reason == EndReason::TooLarge);
  CHECK(end.code == 1009);
}

TEST_CASE("OnDrain is called on the next connection if a connection breaks while its queue is full") {
  const bool has_callback = GENERATE(false, true);
  std::promise<void> never;
  std::optional<ScriptedServer> silent;
  silent.emplace([](std::string_view request) { return AcceptThen(request, [](Codec&, std::string&) {}); });
  const std::uint16_t port = silent->Port();
  std::promise<void> drained, open;
  ClientOptions options = FastReconnect(*silent);
  options.connection.max_outbound_messages = 4;
  options.connection.max_outbound_bytes = std::size_t{64} << 20;
  Client client(std::move(options));
  client.Once("connect", [&] { open.set_value(); });
  // The callback runs long enough for the writer to detect that the connection is broken.
  if (has_callback) client.Once("disconnect", [&] { never.get_future().wait_for(200ms); });
  client.OnDrain([&] { drained.set_value(); });
  client.Start();
  Get(open.get_future());
  CHECK_FALSE(client.Send(std::string(std::size_t{32} << 20, 'x')));  // more than the kernel buffers
  while (!client.Emit("x")) {
  }
  CHECK(client.Emit("x") == Errc::QueueFull);
  auto reported = drained.get_future();
  CHECK(reported.wait_for(0s) == std::future_status::timeout);
  silent.reset();
  ws::Server server({.port = port, .workers = 1});
  server.Route("/", [](Handler) {});
  REQUIRE_FALSE(server.Start());
  Get(std::move(reported));
  CHECK_FALSE(client.Emit("x"));
}

TEST_CASE("a client runs no callbacks for connect, disconnect and other reserved events that a server sends") {
  std::promise<void> asked;
  ScriptedServer server([&](std::string_view request) {
    return AcceptThen(request, [](Codec& codec, std::string& out) {
      for (const auto* event : {"connect", "disconnect", "$x", ""})
        codec.WriteMessage(ws::MessageType::Text, std::string(R"({"event":")") + event + "\"}", out);
      codec.WriteMessage(ws::MessageType::Text, R"({"event":"last"})", out);
    });
  });
  std::atomic<int> connected = 0;
  Client client(FastReconnect(server));
  client.On("connect", [&] { ++connected; });
  client.On("disconnect", [] { FAIL_CHECK("the connection has not ended"); });
  client.On("last", [&] { asked.set_value(); });
  client.Start();
  Get(asked.get_future());
  CHECK(connected == 1);
  client.Off("disconnect");
}
