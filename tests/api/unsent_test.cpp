// A peer that reads slowly is seen to read: the kernel is to hold little that it has not sent.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdint>
#include <future>
#include <vector>

#include "support/catch.hpp"
#include "support/patience.hpp"
#include "support/test_server.hpp"
#include "ws/ws.hpp"

using ws::test::Get;
using ws::test::TestServer;

namespace {

using NameOf = int (*)(int, sockaddr*, socklen_t*);

std::uint16_t PortOf(int socket, NameOf name) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  const int error = name(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return error != 0 || address.sin_family != AF_INET ? 0 : ntohs(address.sin_port);
}

// Of this process's TCP connections with that port at either end.
std::vector<int> UnsentBounds(std::uint16_t port) {
  std::vector<int> bounds;
  for (int socket = 3; socket < 1000; ++socket) {
    const std::uint16_t theirs = PortOf(socket, ::getpeername);
    if (theirs == 0 || (theirs != port && PortOf(socket, ::getsockname) != port)) continue;
    int bound = -1;
    socklen_t size = sizeof bound;
    ::getsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bound, &size);
    bounds.push_back(bound);
  }
  return bounds;
}

}  // namespace

TEST_CASE("both ends of a connection of ours bound what the kernel holds unsent") {
  TestServer server([](ws::Handler) {});
  ws::Client client({.url = ws::test::UrlOf(server->Port())});
  std::promise<void> connected;
  client.On("connect", [&] { connected.set_value(); });
  client.Start();
  Get(connected.get_future());
  CHECK(UnsentBounds(server->Port()) == std::vector<int>{128 << 10, 128 << 10});
}
