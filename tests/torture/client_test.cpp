// Row 32: a client against servers that mean it no good.
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
#include "support/hostile_server.hpp"
#include "support/patience.hpp"
#include "torture/figures.hpp"
#include "transport/accept_key.hpp"
#include "transport/codec.hpp"
#include "ws/ws.hpp"

using namespace std::chrono_literals;
using ws::Client;
using ws::ClientOptions;
using ws::Errc;
using ws::test::HostileServer;
using ws::test::Journal;
using ws::transport::Codec;
using ws::transport::Role;
using namespace ws::torture;
using boost::asio::ip::tcp;

namespace {

std::string UrlOf(std::uint16_t port) {
  return "ws://127.0.0.1:" + std::to_string(port) + "/";
}

ClientOptions Quick(std::uint16_t port) {
  ClientOptions options{.url = UrlOf(port), .backoff_base = 5ms, .backoff_cap = 20ms};
  options.connection.handshake_timeout = 200ms;
  options.connection.close_timeout = 100ms;
  options.connection.deflate = true;
  options.connection.log = [](const ws::LogRecord&) {};
  return options;
}

// The right answer to a client's request, with `rest` behind it.
std::string OpenAnd(std::string_view request, const std::string& rest) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const std::string_view key = request.substr(request.find(name) + name.size(), 24);
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
      ws::transport::AcceptKey(key) + "\r\n";
  if (request.find("permessage-deflate") != request.npos) answer += "Sec-WebSocket-Extensions: permessage-deflate\r\n";
  return answer + "\r\n" + rest;
}

// 64 MiB of zeros, compressed.
std::string Bomb() {
  boost::asio::io_context context;
  Codec codec(context.get_executor(), {.role = Role::Server, .deflate = true});
  ws::HttpRequest asked{.method = "GET", .target = "/"};
  asked.headers = {{"Host", "a"},
                   {"Sec-WebSocket-Version", "13"},
                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                   {"Sec-WebSocket-Extensions", "permessage-deflate"}};
  std::string head, frame;
  if (codec.Accept(asked, {}, head)) throw std::runtime_error("refused");
  codec.WriteMessage(ws::MessageType::Text, std::string(std::size_t{64} << 20, '0'), frame);
  return frame;
}

// Who listens, but whose line of those to accept is full: connecting to it takes for ever.
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
      ::connect(socket.native_handle(), here.data(), static_cast<socklen_t>(here.size()));  // Asio's would wait
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
  int too_long = 0;  // a delay that backoff does not allow
};

// So many attempts of a client that is refused.
Attempts Try(std::uint16_t port, int count) {
  Journal journal;
  Attempts attempts;
  std::atomic<int> too_long = 0;
  Client client(Quick(port));
  client.OnReconnecting([&](const ws::Reconnecting& next) {
    const auto longest = std::min<std::chrono::milliseconds>(20ms, 5ms * (1 << std::min(next.attempt, 8U)));
    too_long += next.delay <= longest ? 0 : 1;
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

// Why the first connection ended; the codes here are final, so there is no other.
ws::EndReason EndAgainst(std::uint16_t port) {
  std::promise<ws::EndReason> ended;
  std::atomic<int> again = 0;
  Client client(Quick(port));
  client.OnTyped("disconnect", [&](const ws::CloseReason& reason) { ended.set_value(reason.reason); });
  client.OnReconnecting([&](const ws::Reconnecting&) { ++again; });
  client.Start();
  const ws::EndReason reason = ws::test::Get(ended.get_future());
  client.Stop();
  CHECK(again == 0);
  return reason;
}

std::chrono::milliseconds TimeToStop(Client& client) {
  const auto start = std::chrono::steady_clock::now();
  client.Stop();
  CHECK(client.Emit("x") == Errc::Closed);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

}  // namespace

TEST_CASE("whatever a server says, its client tries again later and holds no more memory", "[row32]") {
  const int count = Pick(5, 100);
  const std::string bomb = Bomb();
  const std::string large("\x82\x7F\x80\0\0\0\0\0\0\0", 10), endless("\x82\x7F\x40\0\0\0\0\0\0\0", 10);
  using Answer = HostileServer::Answer;
  const std::vector<std::pair<std::string, Answer>> refusals = {
      {"200", [](std::string_view) { return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"; }},
      {"301", [](std::string_view) { return "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"; }},
      {"a wrong accept",
       [](std::string_view) {
         return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Accept: x\r\n\r\n";
       }},
      {"a head without an end", [](std::string_view) { return "HTTP/1.1 101 " + std::string(100'000, 'x'); }},
      {"silence", [](std::string_view) { return std::string(); }},
  };
  struct Trap {
    std::string what;
    std::string frame;
    ws::EndReason end;
  };
  const std::vector<Trap> traps = {{"a length of 2^63", large, ws::EndReason::ProtocolError},
                                   {"a length of 2^62", endless, ws::EndReason::TooLarge},
                                   {"a bomb of 64 MiB", bomb, ws::EndReason::TooLarge}};
  const auto spring = [](const Trap& trap) {
    HostileServer server([&](std::string_view request) { return OpenAnd(request, trap.frame); });
    return EndAgainst(server.Port());
  };
  spring(traps.front());  // what is made at first use is there
  const auto judge = [&](const std::string& what, std::uint16_t port) {
    ::malloc_trim(0);
    const Growth growth;
    const Attempts attempts = Try(port, count);
    Exactly(what + ": attempts that failed", attempts.failed, count);
    Exactly(what + ": delays longer than backoff's", attempts.too_long, 0);
    MemoryBelow(what + ": peak", growth.Peak(), 2048);
  };
  judge("refused", ws::test::FreePort());
  for (const auto& [what, answer] : refusals) {
    HostileServer server(answer);
    judge(what, server.Port());
  }
  for (const Trap& trap : traps) {
    ::malloc_trim(0);
    const Growth growth;
    int right = 0;
    for (int round = 0; round < count; ++round) right += spring(trap) == trap.end ? 1 : 0;
    Exactly(trap.what + ": told", right, count);
    // A message of 1 MiB, and what the allocator keeps for the threads of so many clients.
    MemoryBelow(trap.what + ": peak", growth.Peak(), 4096);
  }
}

TEST_CASE("Stop returns within a second, whatever the client is doing", "[row32]") {
  const int rounds = Pick(1, 5);
  HostileServer silent([](std::string_view) { return std::string(); });
  HostileServer deaf([](std::string_view request) { return OpenAnd(request, {}); });
  const FullListener full;
  const std::uint16_t nobody = ws::test::FreePort();
  for (const auto& [phase, port] : std::vector<std::pair<std::string, std::uint16_t>>{
           {"connecting", full.Port()}, {"greeting", silent.Port()}, {"waiting", nobody}, {"connected", deaf.Port()}}) {
    std::chrono::milliseconds slowest{};
    for (int round = 0; round < rounds; ++round) {
      Journal journal;
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
