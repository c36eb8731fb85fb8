// A client against servers that mean it no good, row 32 of the torture plan.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <optional>
#include <string>

#include "support/catch.hpp"
#include "support/hostile_server.hpp"
#include "support/patience.hpp"
#include "transport/codec.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Client;
using ws::ClientOptions;
using ws::test::Get;
using ws::test::HostileServer;
using ws::transport::Codec;
using ws::transport::Role;

namespace {

ClientOptions Quick(const HostileServer& server) {
  return {.url = "ws://127.0.0.1:" + std::to_string(server.Port()) + "/", .backoff_base = 5ms, .backoff_cap = 20ms};
}

// The right answer to a client's request, and what `misbehave` writes behind it.
std::string OpenAnd(std::string_view request, const std::function<void(Codec&, std::string&)>& misbehave) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const std::size_t key = request.find(name) + name.size();
  ws::HttpRequest asked{.method = "GET", .target = "/"};
  asked.headers = {
      {"Host", "a"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", std::string(request.substr(key, 24))}};
  if (request.find("permessage-deflate") != request.npos)
    asked.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate");
  boost::asio::io_context context;
  Codec codec(context.get_executor(), {.role = Role::Server, .deflate = true});
  std::string out;
  if (codec.Accept(asked, {}, out)) throw std::runtime_error("the client's request is none");
  misbehave(codec, out);
  return out;
}

// How the first connection ends.
ws::CloseReason EndAgainst(const std::function<void(Codec&, std::string&)>& misbehave) {
  HostileServer server([&](std::string_view request) { return OpenAnd(request, misbehave); });
  std::promise<ws::CloseReason> ended;
  std::atomic<bool> told = false;
  ClientOptions options = Quick(server);
  options.connection.deflate = true;
  options.connection.close_timeout = 100ms;
  Client client(std::move(options));
  client.OnTyped("disconnect", [&](const ws::CloseReason& reason) {
    if (!told.exchange(true)) ended.set_value(reason);
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

TEST_CASE("a server that answers anything but a right 101 is tried again") {
  const std::string answer = GENERATE(as<std::string>(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
                                      "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "HTTP/1.1 403 Forbidden\r\n\r\n",
                                      "HTTP/1.1 404 Not Found\r\nContent-Length: 100000000\r\n\r\n",
                                      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
                                      "Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
                                      "\x16\x03\x01", "HTTP/1.1 101 " + std::string(20'000, 'x'));
  HostileServer server([&](std::string_view) { return answer; });
  const bool speaks_http = answer.size() > 12 && !answer.starts_with("HTTP/1.1 101");
  std::promise<ws::Reconnecting> failed;
  std::atomic<bool> told = false;
  ClientOptions options = Quick(server);
  if (!speaks_http) options.connection.handshake_timeout = 100ms;
  options.connection.log = [](const ws::LogRecord&) {};
  Client client(std::move(options));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    if (!told.exchange(true)) failed.set_value(next);
  });
  client.Start();
  const ws::Reconnecting next = Get(failed.get_future());
  CHECK(next.error);
  CHECK(next.status == (speaks_http ? std::stoul(answer.substr(9, 3)) : 0));
  CHECK((next.status == 0 || next.error == ws::Errc::Refused));
  CHECK_FALSE(client.IsConnected());
}

TEST_CASE("what a server says before its answer is passed over") {
  HostileServer server([](std::string_view request) {
    return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
           OpenAnd(request, [](Codec& codec, std::string& out) {
             codec.WriteMessage(ws::MessageType::Text, R"({"event":"hello"})", out);
           });
  });
  std::promise<void> hello;
  Client client(Quick(server));
  client.Once("hello", [&] { hello.set_value(); });
  client.Start();
  Get(hello.get_future());
}

TEST_CASE("a server that breaks the protocol is told so") {
  const std::string frame = GENERATE(Bytes({0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 1}),  // 2^63 + 1 octets
                                     Bytes({0x82, 0x81, 1, 2, 3, 4, 5}),              // masked
                                     Bytes({0x83, 0x00}),                             // an opcode that is reserved
                                     Bytes({0x80, 0x00}),                             // goes on with nothing
                                     Bytes({0x89, 0x7E, 0, 126}));                    // a ping that is too long
  const ws::CloseReason end = EndAgainst([&](Codec&, std::string& out) { out += frame; });
  CHECK(end.reason == ws::EndReason::ProtocolError);
  CHECK(end.code == 1002);
}

TEST_CASE("a server's message that is too large is not read, whether it is declared or inflated") {
  const bool bomb = GENERATE(false, true);
  const ws::CloseReason end = EndAgainst([&](Codec& codec, std::string& out) {
    if (bomb) return codec.WriteMessage(ws::MessageType::Text, std::string(std::size_t{8} << 20, '0'), out);
    out += Bytes({0x82, 0x7F, 0x40, 0, 0, 0, 0, 0, 0, 0});
  });
  CHECK(end.reason == ws::EndReason::TooLarge);
  CHECK(end.code == 1009);
}

TEST_CASE("a connection that breaks while its queue is full leaves OnDrain to the next") {
  const bool hears = GENERATE(false, true);
  std::promise<void> never;
  std::optional<HostileServer> deaf;
  deaf.emplace([](std::string_view request) { return OpenAnd(request, [](Codec&, std::string&) {}); });
  const std::uint16_t port = deaf->Port();
  std::promise<void> drained, open;
  ClientOptions options = Quick(*deaf);
  options.connection.max_outbound_messages = 4;
  options.connection.max_outbound_bytes = std::size_t{64} << 20;
  Client client(std::move(options));
  client.Once("connect", [&] { open.set_value(); });
  // Its callback runs long enough for the writer to find the connection broken.
  if (hears) client.Once("disconnect", [&] { never.get_future().wait_for(200ms); });
  client.OnDrain([&] { drained.set_value(); });
  client.Start();
  Get(open.get_future());
  CHECK_FALSE(client.Send(std::string(std::size_t{32} << 20, 'x')));  // more than the kernel takes
  while (!client.Emit("x")) {
  }
  CHECK(client.Emit("x") == ws::Errc::QueueFull);
  auto told = drained.get_future();
  CHECK(told.wait_for(0s) == std::future_status::timeout);
  deaf.reset();
  ws::Server server({.port = port, .workers = 1});
  server.Route("/", [](ws::Handler) {});
  REQUIRE_FALSE(server.Start());
  Get(std::move(told));
  CHECK_FALSE(client.Emit("x"));
}

TEST_CASE("lifecycle events that a server sends are refused") {
  std::promise<void> asked;
  HostileServer server([&](std::string_view request) {
    return OpenAnd(request, [](Codec& codec, std::string& out) {
      for (const auto* event : {"connect", "disconnect", "$x", ""})
        codec.WriteMessage(ws::MessageType::Text, std::string(R"({"event":")") + event + "\"}", out);
      codec.WriteMessage(ws::MessageType::Text, R"({"event":"last"})", out);
    });
  });
  std::atomic<int> connected = 0;
  Client client(Quick(server));
  client.On("connect", [&] { ++connected; });
  client.On("disconnect", [] { FAIL_CHECK("it is not over"); });
  client.On("last", [&] { asked.set_value(); });
  client.Start();
  Get(asked.get_future());
  CHECK(connected == 1);
  client.Off("disconnect");
}
