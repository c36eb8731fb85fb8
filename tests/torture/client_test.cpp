// Row 32: a client against hostile servers.
#include <malloc.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/free_port.hpp"
#include "support/scripted_server.hpp"
#include "support/synchronization.hpp"
#include "torture/figures.hpp"
#include "transport/accept_key.hpp"
#include "transport/codec.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Client;
using ws::ClientOptions;
using ws::Errc;
using ws::test::Recorder;
using ws::test::ScriptedServer;
using ws::transport::Codec;
using ws::transport::Role;
using namespace ws::torture;
using boost::asio::ip::tcp;

namespace {

std::string UrlOf(std::uint16_t port) {
  return "ws://127.0.0.1:" + std::to_string(port) + "/";
}

ClientOptions FastOptions(std::uint16_t port) {
  ClientOptions options{.url = UrlOf(port), .backoff_base = 5ms, .backoff_cap = 20ms};
  options.connection.handshake_timeout = 200ms;
  options.connection.close_timeout = 100ms;
  options.connection.deflate = true;
  options.connection.log = [](const ws::LogRecord&) {};
  return options;
}

// Returns a valid response to the client's upgrade request, followed by `rest`.
std::string AcceptAnd(std::string_view request, const std::string& rest) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const std::string_view key = request.substr(request.find(name) + name.size(), 24);
  std::string response =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      ws::transport::AcceptKey(key) + "\r\n";
  if (request.find("permessage-deflate") != request.npos)
    response += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  return response + "\r\n" + rest;
}

// Returns a compressed frame of 64 MiB of zeros.
std::string CompressionBomb() {
  boost::asio::io_context context;
  Codec codec(context.get_executor(), {.role = Role::Server, .deflate = true});
  ws::HttpRequest request{.method = "GET", .target = "/"};
  request.headers = {{"Host", "a"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"Sec-WebSocket-Extensions", "permessage-deflate"}};
  std::string head, frame;
  if (codec.Accept(request, {}, head)) throw std::runtime_error("the codec rejected the request");
  codec.WriteMessage(ws::MessageType::Text, std::string(std::size_t{64} << 20, '0'), frame);
  return frame;
}

// A listener with a full backlog: a connection attempt to it never completes.
class FullListener {
 public:
  FullListener() {
    acceptor_.open(tcp::v4());
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    const tcp::endpoint here = acceptor_.local_endpoint();
    for (tcp::socket& socket : waiting_) {
      socket.open(tcp::v4());
      socket.non_blocking(true);
      ::connect(socket.native_handle(), here.data(),
                static_cast<socklen_t>(here.size()));  // Asio's connect would block
    }
  }
  std::uint16_t Port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_};
  std::array<tcp::socket, 4> waiting_{tcp::socket(context_), tcp::socket(context_), tcp::socket(context_),
                                      tcp::socket(context_)};
};

struct Attempts {
  int failed = 0;
  int too_long = 0;  // delays that were longer than the backoff allows
};

// Runs a client until `count` attempts have failed.
Attempts RunAttempts(std::uint16_t port, int count) {
  Recorder journal;
  Attempts attempts;
  std::atomic<int> too_long = 0;
  Client client(FastOptions(port));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    const auto max_delay = std::min<std::chrono::milliseconds>(20ms, 5ms * (1 << std::min(next.attempt, 8U)));
    too_long += next.delay <= max_delay ? 0 : 1;
    journal.Add(next.error ? "failed" : "lost");
  });
  client.Start();
  const auto entries = journal.WaitFor(static_cast<std::size_t>(count));
  CHECK_FALSE(client.IsConnected());
  client.Stop();
  attempts.failed = static_cast<int>(std::count(entries.begin(), entries.begin() + count, "failed"));
  attempts.too_long = too_long;
  return attempts;
}

// Returns the reason for which the first connection ended. The client does not reconnect after the close codes used
// here.
ws::EndReason EndReasonWith(std::uint16_t port) {
  std::promise<ws::EndReason> ended;
  std::atomic<int> reconnects = 0;
  Client client(FastOptions(port));
  client.OnTyped("disconnect", [&](const ws::CloseReason& close) { ended.set_value(close.reason); });
  client.OnReconnecting([&](const ws::Reconnecting&) { ++reconnects; });
  client.Start();
  const ws::EndReason reason = ws::test::Get(ended.get_future());
  client.Stop();
  CHECK(reconnects == 0);
  return reason;
}

std::chrono::milliseconds TimeToStop(Client& client) {
  const auto start = std::chrono::steady_clock::now();
  client.Stop();
  CHECK(client.Emit("x") == Errc::Closed);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("After any invalid response a client backs off and does not use more memory", "[row32]") {
  const int count = Pick(5, 100);
  const std::string bomb = CompressionBomb();
  const std::string invalid_length("\x82\x7F\x80\0\0\0\0\0\0\0", 10), huge_length("\x82\x7F\x40\0\0\0\0\0\0\0", 10);
  using Answer = ScriptedServer::Answer;
  const std::vector<std::pair<std::string, Answer>> rejections = {
      {"200", [](std::string_view) { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"; }},
      {"301", [](std::string_view) { return "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"; }},
      {"a wrong Sec-WebSocket-Accept",
       [](std::string_view) {
         return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: x\r\n\r\n";
       }},
      {"a response header without an end",
       [](std::string_view) { return "HTTP/1.1 101 " + std::string(100'000, 'x'); }},
      {"silence", [](std::string_view) { return std::string(); }},
  };
  struct Attack {
    std::string what;
    std::string frame;
    ws::EndReason end;
  };
  const std::vector<Attack> attacks = {{"a length of 2^63", invalid_length, ws::EndReason::ProtocolError},
                                       {"a length of 2^62", huge_length, ws::EndReason::TooLarge},
                                       {"a compression bomb of 64 MiB", bomb, ws::EndReason::TooLarge}};
  const auto end_reason = [](const Attack& attack) {
    ScriptedServer server([&](std::string_view request) { return AcceptAnd(request, attack.frame); });
    return EndReasonWith(server.Port());
  };
  end_reason(attacks.front());  // warm-up, so that allocations at the first use are not measured
  const auto check_attempts = [&](const std::string& what, std::uint16_t port) {
    ::malloc_trim(0);
    const Growth growth;
    const Attempts attempts = RunAttempts(port, count);
    Exactly(what + ": failed attempts", attempts.failed, count);
    Exactly(what + ": delays longer than the backoff allows", attempts.too_long, 0);
    MemoryBelow(what + ": peak memory", growth.Peak(), 2048);
  };
  check_attempts("connection refused", ws::test::FreePort());
  for (const auto& [what, answer] : rejections) {
    ScriptedServer server(answer);
    check_attempts(what, server.Port());
  }
  for (const Attack& attack : attacks) {
    ::malloc_trim(0);
    const Growth growth;
    int correct = 0;
    for (int round = 0; round < count; ++round) correct += end_reason(attack) == attack.end ? 1 : 0;
    Exactly(attack.what + ": correct reasons", correct, count);
    // A message of 1 MiB, plus the memory that the allocator keeps for the threads of the clients.
    MemoryBelow(attack.what + ": peak memory", growth.Peak(), 4096);
  }
}

TEST_CASE("Stop returns within a second in every state of the client", "[row32]") {
  const int rounds = Pick(1, 5);
  ScriptedServer silent([](std::string_view) { return std::string(); });
  ScriptedServer accepting([](std::string_view request) { return AcceptAnd(request, {}); });
  const FullListener full;
  const std::uint16_t closed_port = ws::test::FreePort();
  for (const auto& [phase, port] :
       std::vector<std::pair<std::string, std::uint16_t>>{{"connecting", full.Port()},
                                                          {"handshaking", silent.Port()},
                                                          {"waiting", closed_port},
                                                          {"connected", accepting.Port()}}) {
    std::chrono::milliseconds slowest{};
    for (int round = 0; round < rounds; ++round) {
      Recorder journal;
      Client client({.url = UrlOf(port)});
      client.On("connect", [&] { journal.Add("connected"); });
      client.OnReconnecting([&](const ws::Reconnecting&) { journal.Add("waiting"); });
      client.Start();
      if (phase == "waiting" || phase == "connected") CHECK(journal.WaitFor(1)[0] == phase);
      slowest = std::max(slowest, TimeToStop(client));
    }
    AtMost("Stop while " + phase, slowest.count(), decltype(slowest.count()){1000}, "ms");
  }
}
